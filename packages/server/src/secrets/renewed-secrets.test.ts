import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { callbackify } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClosing } from '../closing.ts';
import { readEnvironment } from '../config/environment.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const closing = createClosing();
const token = 'canary-admin-token-of-forty-characters-0';

let folder: string;
let test: TestGateway;
let servers: readonly Awaited<ReturnType<typeof startSmtpServer>>[];
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-renewed-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  servers = await Promise.all([startSmtpServer(), startSmtpServer()]);
  write('smtp-url', servers[0]?.url ?? '');
  write('admin-token', `${token}1`);
  const variables = {
    SMTP_URL_FILE: join(folder, 'smtp-url'),
    SALLYPORT_ADMIN_TOKEN_FILE: join(folder, 'admin-token'),
  };
  test = await startTestGateway({
    config: { mail: { from: 'no-reply@example.test' } },
    environment: variables,
    gateway: { readEnvironmentAnew: async () => readEnvironment(variables) },
  });
  closing.push(() => test.close());
});
afterAll(() => closing.close());

const reload = (with_: string) =>
  fetch(`${test.adminOrigin}/reload`, { method: 'POST', headers: { authorization: `Bearer ${with_}` } });
const signUp = (email: string) =>
  fetch(`${test.origin}/auth/sign-up/email`, {
    method: 'POST',
    headers: { origin: test.origin, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Ann', email, password: 'brass-lantern-over-quiet-water' }),
  });

it('the secrets in mounted files are read again by a reload, refused as a whole, and used at once', async () => {
  await signUp('ann@example.test');
  await expect.poll(() => servers[0]?.received).toEqual(['ann@example.test']);

  // A bad one among them, and neither is used.
  write('smtp-url', servers[1]?.url ?? '');
  write('admin-token', 'canary');
  const refused = await reload(`${token}1`);
  expect(refused.status).toBe(409);
  const answer = await refused.text();
  expect(JSON.parse(answer)).toMatchObject({
    kind: 'unchanged',
    secrets: { kind: 'refused', problems: [{ key: 'SALLYPORT_ADMIN_TOKEN' }] },
  });
  expect(answer).not.toContain('canary');
  await signUp('bob@example.test');
  await expect.poll(() => servers[0]?.received).toContain('bob@example.test');
  expect(await (await fetch(`http://127.0.0.1:${test.gateway.internalPort}/readyz`)).json()).toMatchObject({
    warnings: ['secrets-not-renewed'],
  });

  write('admin-token', `${token}2`);
  chmodSync(join(folder, 'smtp-url'), 0o600);
  expect(await (await reload(`${token}1`)).json()).toMatchObject({
    secrets: { kind: 'renewed', changed: ['SALLYPORT_ADMIN_TOKEN', 'SMTP_URL'], needRestart: [] },
  });
  expect((await reload(`${token}1`)).status).toBe(401);
  expect(await (await reload(`${token}2`)).json()).toMatchObject({ secrets: { kind: 'unchanged' } });
  await signUp('cid@example.test');
  await expect.poll(() => servers[1]?.received).toEqual(['cid@example.test']);
  expect(JSON.stringify(test.lines)).not.toMatch(/canary/);
});

async function startSmtpServer() {
  const received: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData: callbackify(async (stream: Readable, { envelope }: { envelope: { rcptTo: { address: string }[] } }) => {
      await stream.toArray();
      received.push(...envelope.rcptTo.map(({ address }) => address));
    }),
  });
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { url: `smtp://127.0.0.1:${(listening.address() as AddressInfo).port}`, received };
}
