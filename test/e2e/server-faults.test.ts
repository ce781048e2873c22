import { startChaosProxy, type ChaosProxy } from '@sallyport/testing/faults';
import { openRedis } from '@sallyport/stores';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../tools/test-servers/postgres.ts';
import { startRedis } from '../../tools/test-servers/redis.ts';
import type { ServerProcess } from '../../tools/test-servers/server-process.ts';
import type { TestServer } from '../../tools/test-servers/test-server.ts';
import { runOnPostgres } from '../processes/run-on-postgres.ts';
import { openAccount } from './account-page.ts';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { callApi, isSignedIn } from './call-api.ts';
import { openReady } from './hydrated-page.ts';
import { signInDirectly } from './new-account.ts';
import { startOwnSystem, type OwnSystem } from './own-system.ts';
import { demoAccount, submitSignIn } from './sign-in.ts';

interface BreakableServer {
  readonly url: string;
  readonly process: ServerProcess;
}

let redis: BreakableServer;
let postgres: BreakableServer;
/** On the way to PostgreSQL: it is many processes, and stopping one of them stops little. */
let proxy: ChaosProxy;
let system: OwnSystem;
const visitors = useVisitors(() => system.url);

beforeAll(async () => {
  // What was confirmed is on disk, as sessions deserve.
  redis = breakable(await startRedis({ redisArguments: ['--appendonly', 'yes', '--appendfsync', 'always'] }));
  postgres = breakable(await startPostgres());
  proxy = await startChaosProxy({ targetPort: postgres.process.port });
  const databaseUrl = new URL(postgres.url);
  databaseUrl.port = String(proxy.port);
  system = await startOwnSystem({ stores: { databaseUrl: databaseUrl.href, redisUrl: redis.url }, gateways: 2 });
});
afterAll(async () => {
  await system.dispose();
  await proxy.close();
  await Promise.all([redis.process.stop(), postgres.process.stop()]);
});

const outages = [
  {
    name: 'a Redis that hangs',
    fail: async () => void process.kill(redis.process.pid, 'SIGSTOP'),
    recover: async () => void process.kill(redis.process.pid, 'SIGCONT'),
  },
  { name: 'a Redis that was killed', fail: () => redis.process.kill(), recover: () => redis.process.restart() },
  {
    name: 'a PostgreSQL that hangs',
    fail: () => proxy.behave({ kind: 'blackhole' }),
    // What was in the hole is lost: such connections end.
    recover: async () => {
      await proxy.behave({ kind: 'pass' });
      proxy.reset();
    },
  },
  {
    name: 'a PostgreSQL that shut down at once',
    fail: async () => {
      process.kill(postgres.process.pid, 'SIGQUIT');
      await postgres.process.kill();
    },
    recover: () => postgres.process.restart(),
  },
  {
    name: 'a PostgreSQL that only reads',
    fail: () => setReadOnly('on'),
    recover: () => setReadOnly('off'),
  },
] as const;

describe.each(outages)('$name [postgres + redis ×2]', ({ fail, recover }) => {
  it('is an outage and signs no user in or out; pages say so, and all is well when it is over', async () => {
    const page = await visitors.openPage();
    await signInDirectly(page, demoAccount('user', system.accounts));
    expect(await callApi(page, '/api/shop/products')).toMatchObject({ status: 200 });
    const cookies = await page.context().cookies();
    const stranger = await visitors.openPage();
    await openReady(stranger, '/auth/sign-in');
    const { email, password } = demoAccount('vendor', system.accounts);
    const signIn = () => callApi(stranger, '/auth/sign-in/email', { method: 'POST', json: { email, password } });
    const signOut = () => callApi(page, '/auth/sign-out', { method: 'POST', json: {} });

    await fail();
    try {
      // Side by side: a server that hangs is waited for.
      const attempts = Promise.all([signIn(), signOut(), signOut()]);
      const looks = Promise.all([callApi(page, '/api/shop/products'), callApi(page, '/auth/session')]);
      for (const answer of await attempts) {
        expect(answer).toMatchObject({ status: 503, body: { code: 'SP_STORE_UNAVAILABLE' } });
        expect(Number(answer.retryAfter)).toBeGreaterThan(0);
      }
      // Remembered for as long as that is safe, or out of reach: never refused.
      for (const { status } of await looks) expect([200, 503]).toContain(status);
      expect(await page.context().cookies()).toEqual(cookies);
      expect(await stranger.context().cookies()).toEqual([]);

      expect((await (await visitors.openPage()).goto('/'))?.status()).toBe(200);
      await submitSignIn(stranger, { email, password });
      await stranger.getByRole('alert').filter({ hasText: 'That isn’t possible right now' }).waitFor();
    } finally {
      await recover();
    }

    await expect
      .poll(async () => (await callApi(page, '/api/shop/products')).status, { timeout: patienceMilliseconds })
      .toBe(200);
    await expect.poll(async () => (await signIn()).status, { timeout: patienceMilliseconds }).toBe(200);
    await openAccount(page);
    expect(await page.context().cookies()).toEqual(cookies);
    expect(await signOut()).toMatchObject({ status: 204 });
    await page.context().addCookies(cookies);
    expect(await isSignedIn(page)).toBe(false);
  }, 180_000);
});

describe('a page of a user whose session cannot be looked up [postgres + redis ×2]', () => {
  it('says that nothing was lost, and leads back when Redis is there again', async () => {
    const page = await openAsUser();
    const other = await page.context().newPage();
    await other.goto('/healthz');
    await redis.process.kill();
    try {
      await expect
        .poll(async () => (await page.goto('/account'))?.status(), { timeout: patienceMilliseconds })
        .toBe(503);
      await page.getByRole('heading', { level: 1, name: 'We can’t check your sign-in right now' }).waitFor();
    } finally {
      await redis.process.restart();
    }
    // From another page: the policy of this one allows no script at all.
    await expect.poll(() => isSignedIn(other), { timeout: patienceMilliseconds }).toBe(true);
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
  });
});

describe('a Redis that was emptied [postgres + redis ×2]', () => {
  it('signs everybody out, brings no ended session back, and signs people in again', async () => {
    const page = await openAsUser();
    const ended = await openAsUser();
    const cookies = await ended.context().cookies();
    expect(await callApi(ended, '/auth/sign-out', { method: 'POST', json: {} })).toMatchObject({ status: 204 });
    await ended.context().addCookies(cookies);

    const client = openRedis({ url: redis.url });
    await client.ready(5000);
    await client.command('', ['FLUSHALL']);
    client.close();
    // The next heartbeat notices that the numbers of events begin anew.
    await expect.poll(() => isSignedIn(page), { timeout: patienceMilliseconds }).toBe(false);
    // Each gateway has a heartbeat of its own.
    const products = () => callApi(page, '/api/shop/products');
    await expect.poll(products, { timeout: patienceMilliseconds }).toMatchObject({ status: 401 });
    expect(await isSignedIn(ended)).toBe(false);
    await signInDirectly(page, demoAccount('user', system.accounts));
    expect(await callApi(page, '/api/shop/products')).toMatchObject({ status: 200 });
  });
});

async function openAsUser(): Promise<Page> {
  const page = await visitors.openPage();
  await signInDirectly(page, demoAccount('user', system.accounts));
  expect(await callApi(page, '/api/shop/products')).toMatchObject({ status: 200 });
  return page;
}

async function setReadOnly(value: 'on' | 'off'): Promise<void> {
  await runOnPostgres(postgres.url, `ALTER SYSTEM SET default_transaction_read_only = ${value}`);
  await runOnPostgres(postgres.url, 'SELECT pg_reload_conf()');
}

function breakable(server: TestServer): BreakableServer {
  if (server.kind === 'absent') throw new Error(server.reason);
  if (server.process === undefined) throw new TypeError('This server was not started by this run');
  return { url: server.url, process: server.process };
}
