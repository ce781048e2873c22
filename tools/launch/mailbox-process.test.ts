import { request } from 'node:http';
import path from 'node:path';
import { createSmtpMailer } from '@sallyport/identity';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnTree, type ProcessTree } from '../processes/process-tree.ts';
import { findFreePorts } from './free-ports.ts';
import { waitUntilReady } from './wait-until-ready.ts';

let mailbox: ProcessTree;
let url: string;
let smtpUrl: string;

beforeAll(async () => {
  const [port = 0, smtpPort = 0] = await findFreePorts(2);
  url = `http://127.0.0.1:${port}`;
  smtpUrl = `smtp://127.0.0.1:${smtpPort}`;
  // From the sources: what is built may be older.
  mailbox = spawnTree(['--conditions=@sallyport/source', path.join(import.meta.dirname, 'mailbox-process.ts')], {
    env: { ...process.env, PORT: String(port), MAILBOX_SMTP_PORT: String(smtpPort) },
    stdio: 'inherit',
  });
  await waitUntilReady({ url: `${url}/count` }, AbortSignal.timeout(30_000));
});

afterAll(async () => {
  await mailbox.terminate(1000);
});

it('the mailbox process shows what came over SMTP as the mailbox of a gateway shows it', async () => {
  const link = 'https://localhost:3000/reset-password?token=AbC-_0123456789&next=%2Faccount';
  await createSmtpMailer({ url: smtpUrl, from: 'Sallyport <no-reply@localhost>' }).send({
    to: 'ada+tag@example.com',
    channel: 'email',
    kind: 'reset-password',
    subject: 'Größe: choose a new password',
    text: `Hello Ada,\n\nopen this link – it works once:\n\n${link}\n\nor enter 482913. ${'A long line. '.repeat(20)}`,
    html: `<p>Hello</p><a href="${link}">Go</a>`,
    links: [link],
    code: '482913',
  });
  const listed: unknown = await (await fetch(`${url}/messages?to=ada%2Btag@example.com`)).json();
  expect(listed).toEqual([
    {
      to: 'ada+tag@example.com',
      channel: 'email',
      kind: 'reset-password',
      subject: 'Größe: choose a new password',
      links: [link],
      code: '482913',
      at: expect.any(String) as unknown,
    },
  ]);
  const page = await fetch(url);
  expect(await page.text()).toContain('Größe: choose a new password');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
});

/** Sends what fetch would not: another Host, and headers that only a browser sets. */
function ask(method: string, target: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const message = request(url + target, { method, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    message.once('error', reject);
    message.end(method === 'POST' ? '{"to":"+15550100","text":"code 123456"}' : undefined);
  });
}

const json = { 'content-type': 'application/json' };

it.each([
  { from: 'a name of a stranger that points here', headers: { host: 'evil.test' } },
  { from: 'the name of another listener', headers: { host: 'localhost:1' } },
  { from: 'a page of another site', headers: { origin: 'https://evil.test' } },
  { from: 'a page that hides its origin', headers: { origin: 'null' } },
  { from: 'a page of another port', headers: { 'sec-fetch-site': 'same-site' } },
  { from: 'a script of another site', headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
])('the mailbox process refuses $from, at every path', async ({ headers }) => {
  expect(await ask('POST', '/sms', { ...json, ...headers })).toBe(403);
  for (const target of ['/', '/messages', '/messages/1', '/count'])
    expect(await ask('GET', target, { ...headers })).toBe(403);
});

it('the mailbox process takes a text message of a program', async () => {
  expect(await ask('POST', '/sms', json)).toBe(202);
  expect(JSON.stringify(await (await fetch(`${url}/messages`)).json())).toContain('123456');
});
