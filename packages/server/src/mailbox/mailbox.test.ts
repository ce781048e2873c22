import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import type { HttpBindings } from '@hono/node-server';
import { silentLogger, type LogFields } from '@sallyport/core';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { checkMailbox } from '../checks/check-mail.ts';
import { createClosing } from '../closing.ts';
import { startGateway } from '../compose.ts';
import type { ConfigInput } from '../config/config-schema.ts';
import { readEnvironment } from '../config/environment.ts';
import { parseConfig } from '../config/parse-config.ts';
import { freePort, send } from '../test-support/test-gateway.ts';
import { createTestPreset, testPolicy } from '../test-support/test-preset.ts';
import { testRoutes } from '../test-support/test-routes.ts';
import { hasMailbox } from './has-mailbox.ts';
import { openMailbox } from './open-mailbox.ts';

const closing = createClosing();
afterEach(() => closing.close());

const adopters = (change: Partial<ConfigInput> = {}) =>
  parseConfig(
    { publicUrl: 'http://localhost:3000', policy: testPolicy, routes: testRoutes('http://127.0.0.1:9'), ...change },
    'test',
  );

describe('whether there is a development mailbox', () => {
  it.each([
    { name: 'in production', publicUrl: 'http://localhost:3000', variables: { NODE_ENV: 'production' }, has: false },
    {
      name: 'in production for others',
      publicUrl: 'https://a.test',
      variables: { NODE_ENV: 'production' },
      has: false,
    },
    { name: 'for others, where nothing says development', publicUrl: 'https://a.test', variables: {}, has: false },
    { name: 'for others, in an unknown mode', publicUrl: 'https://a.test', variables: { NODE_ENV: 'dev' }, has: false },
    {
      name: 'for others, in development',
      publicUrl: 'https://a.test',
      variables: { NODE_ENV: 'development' },
      has: true,
    },
    { name: 'on this machine', publicUrl: 'http://localhost:3000', variables: {}, has: true },
    { name: 'on this machine by https', publicUrl: 'https://shop.localhost', variables: {}, has: true },
  ])('$name: $has', ({ publicUrl, variables, has }) => {
    const listen = { host: '127.0.0.1' };
    expect(hasMailbox({ config: adopters({ publicUrl, listen }), environment: readEnvironment(variables) })).toBe(has);
  });

  it('is refused with several workers, since each would have a part of the messages', async () => {
    const environment = readEnvironment({ REDIS_URL: 'redis://127.0.0.1:9', DATABASE_URL: 'postgres://127.0.0.1:9/x' });
    expect(await checkMailbox.run({ config: adopters({ workers: 2 }), environment })).toMatchObject([
      { kind: 'failure', key: 'SMTP_URL' },
    ]);
  });
});

async function startOwn(change: Partial<ConfigInput> = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-mailbox-'));
  closing.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const config = adopters({
    publicUrl: origin,
    listen: { port },
    dataDir,
    passwords: { answerFloorMilliseconds: 100 },
    mailbox: { port: 0 },
    ...change,
  });
  const lines: LogFields[] = [];
  const logger = { ...silentLogger, info: (_message: string, fields: LogFields) => void lines.push(fields) };
  const gateway = await startGateway({ config, environment: readEnvironment({}), logger });
  closing.push(() => gateway.close());
  return { origin, mailbox: gateway.mailboxUrl ?? '', lines };
}

describe('the development mailbox of an own configuration', () => {
  it('refuses the start when its port is taken, and names the key', async () => {
    const taken = createServer();
    await once(taken.listen(0, '127.0.0.1'), 'listening');
    closing.push(() => void taken.close());
    const { port } = taken.address() as AddressInfo; // It listens on TCP.
    await expect(startOwn({ mailbox: { port } })).rejects.toThrow(/mailbox\.port.*is taken/);
  });

  it('is at no address that another machine reaches', async () => {
    const { mailbox } = await startOwn();
    const { port } = new URL(mailbox);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) await expect(fetch(`http://${address}:${port}/messages`)).rejects.toThrow();
    expect((await send(`${mailbox}/messages`, 'GET', { host: 'evil.test' })).status).toBe(403);
  });

  it('has the mail of a sign-up, and the log names where but neither address nor link', async () => {
    const { origin, mailbox, lines } = await startOwn();
    expect(lines).toContainEqual(expect.objectContaining({ event: 'mailbox-ready', url: mailbox }));
    const answer = await fetch(`${origin}/auth/sign-up/email`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Ann', email: 'ann@example.test', password: 'brass-lantern-over-quiet-water' }),
    });
    expect(answer.status).toBeLessThan(300);
    const read = async () =>
      (await (await fetch(`${mailbox}/messages?to=ann@example.test`)).json()) as readonly { readonly links: unknown }[];
    await expect.poll(read).toMatchObject([{ channel: 'email', kind: 'verify-email' }]);
    expect(JSON.stringify(lines)).not.toMatch(/ann@|token=/);
  });
});

describe('the mailbox of a preset', () => {
  it('stands behind what the preset serves beside it, and links to that', async () => {
    const app = new Hono<{ Bindings: HttpBindings }>().get('/preview', (c) => c.text('beside'));
    const preset = { ...createTestPreset(), besideMailbox: { path: '/preview', app } };
    const { url } = await openMailbox({
      config: adopters({ mailbox: { port: 0 } }),
      preset,
      logger: silentLogger,
      closing,
    });
    expect(await (await fetch(`${url}/preview`)).text()).toBe('beside');
    expect(await (await fetch(url)).text()).toContain('<a href="/preview">');
    expect(await (await fetch(`${url}/messages`)).json()).toEqual([]);
  });

  it('has no preview where the preset serves none', async () => {
    const { url } = await openMailbox({ config: adopters({ mailbox: { port: 0 } }), logger: silentLogger, closing });
    expect((await fetch(`${url}/preview`)).status).toBe(404);
    expect(await (await fetch(url)).text()).not.toContain('/preview');
  });
});
