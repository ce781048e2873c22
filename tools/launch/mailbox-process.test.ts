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
