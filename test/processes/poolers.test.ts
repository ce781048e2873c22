import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@sallyport/core';
import { parseConfig, readEnvironment, startGateway, type Gateway } from '@sallyport/server';
import { createTestPreset, testAccounts } from '@sallyport/server/test-support';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { hasPgbouncer, startPgbouncer } from '../../tools/test-servers/pgbouncer.ts';
import type { TestServer } from '../../tools/test-servers/test-server.ts';
import { runOnPostgres } from './run-on-postgres.ts';
import { cookieAt, signIn } from './sign-in.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const [postgresUrl, redisUrl] = [process.env['TEST_POSTGRES_URL'] ?? '', process.env['TEST_REDIS_URL'] ?? ''];
const isAbsent = postgresUrl === '' || !hasPgbouncer;
const reason = hasPgbouncer ? '' : ' (no pgbouncer on the search path)';
const [account = { email: '', password: '' }] = testAccounts;

describe.skipIf(isAbsent)(`a gateway behind a pooler [postgres]${reason}`, () => {
  const name = `sallyport_${randomBytes(6).toString('hex')}`;
  const gateways: Gateway[] = [];
  const poolers: TestServer[] = [];
  let folder: string;
  let direct: string;
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sallyport-pooler-'));
    await runOnPostgres(postgresUrl, `CREATE DATABASE ${name}`);
    direct = addressOf(postgresUrl);
  });
  afterEach(async () => {
    for (const gateway of gateways.splice(0).reverse()) await gateway.close();
    for (const pooler of poolers.splice(0)) if (pooler.kind === 'running') await pooler.stop();
    await runOnPostgres(postgresUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    rmSync(folder, { recursive: true, force: true });
  });

  const addressOf = (server: string): string => Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const pooled = async (settings: Readonly<Record<string, string | number>>, isShipped = false): Promise<string> => {
    const pooler = await startPgbouncer({ postgresUrl, settings, isShipped });
    poolers.push(pooler);
    if (pooler.kind === 'absent') throw new Error(pooler.reason);
    return addressOf(pooler.url);
  };
  const start = async (variables: Readonly<Record<string, string>>, prefix?: string): Promise<Gateway> => {
    const [port = 0] = await findFreePorts(1);
    const environment = readEnvironment({
      PORT: String(port),
      SALLYPORT_DATA_DIR: path.join(folder, String(gateways.length)),
      SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA',
      ...variables,
    });
    const preset = createTestPreset();
    const redis = prefix === undefined ? {} : { redis: { prefix } };
    const config = parseConfig({ ...preset.configure(environment), ...redis }, 'test');
    const gateway = await startGateway({ config, preset, environment, logger: silentLogger, waitMilliseconds: 3000 });
    gateways.push(gateway);
    return gateway;
  };
  const originOf = ({ port }: Gateway): string => `http://localhost:${port}`;
  const statusAt = async (gateway: Gateway, cookie: string): Promise<number> =>
    (await fetch(`${originOf(gateway)}/auth/sessions`, { headers: { cookie: cookieAt(originOf(gateway), cookie) } }))
      .status;
  const signOutAt = async (gateway: Gateway, cookie: string): Promise<number> => {
    const headers = { cookie, origin: originOf(gateway) };
    return (await fetch(`${originOf(gateway)}/auth/sign-out`, { method: 'POST', headers })).status;
  };

  it('starts with the defaults of PgBouncer, signs in and out, and is the only one', async () => {
    const databaseUrl = await pooled({});
    const gateway = await start({ DATABASE_URL: databaseUrl });
    const cookie = await signIn(originOf(gateway), account);
    expect(await statusAt(gateway, cookie)).toBe(200);
    expect(await signOutAt(gateway, cookie)).toBe(204);
    await expect(start({ DATABASE_URL: databaseUrl })).rejects.toThrow(/Another gateway uses this database/);
  });

  it.each([
    { title: 'one session for all', settings: { default_pool_size: 1 } },
    { title: 'as many sessions as by default', settings: {} },
    { title: 'sessions in turn', settings: { server_round_robin: 1, min_pool_size: 5 } },
    {
      title: 'a list of parameters to ignore',
      settings: { ignore_startup_parameters: 'statement_timeout,lock_timeout' },
    },
  ])('without Redis is refused by name behind a transaction pooler with $title', async ({ settings }) => {
    const databaseUrl = await pooled({ pool_mode: 'transaction', ...settings });
    await expect(start({ DATABASE_URL: databaseUrl })).rejects.toThrow(/DATABASE_DIRECT_URL.*REDIS_URL/);
    // Also where the address past the pooler is one of the pooler.
    const both = { DATABASE_URL: databaseUrl, DATABASE_DIRECT_URL: databaseUrl };
    await expect(start(both)).rejects.toThrow(/DATABASE_DIRECT_URL/);
  });

  it('without Redis holds its lock past the pooler of deploy/pgbouncer, and is the only one', async () => {
    const variables = { DATABASE_URL: await pooled({}, true), DATABASE_DIRECT_URL: direct };
    await expect(start({ DATABASE_URL: variables.DATABASE_URL })).rejects.toThrow(/DATABASE_DIRECT_URL.*REDIS_URL/);
    const gateway = await start(variables);
    const cookie = await signIn(originOf(gateway), account);
    expect(await statusAt(gateway, cookie)).toBe(200);
    await expect(start(variables)).rejects.toThrow(/Another gateway uses this database/);
    await expect(start({ DATABASE_URL: direct })).rejects.toThrow(/Another gateway uses this database/);
    expect(await signOutAt(gateway, cookie)).toBe(204);
    expect(await statusAt(gateway, cookie)).toBe(401);
  });

  it('is refused where the address past the pooler leads to another database', async () => {
    const variables = { DATABASE_URL: await pooled({ pool_mode: 'transaction' }), DATABASE_DIRECT_URL: postgresUrl };
    await expect(start(variables)).rejects.toThrow(/DATABASE_DIRECT_URL leads to another/);
  });

  it.skipIf(redisUrl === '')(
    'with Redis runs twice behind the pooler of deploy/pgbouncer, and a sign-out holds at both',
    async () => {
      const variables = { DATABASE_URL: await pooled({}, true), REDIS_URL: redisUrl };
      const prefix = `pooler-${randomBytes(6).toString('hex')}:`;
      const [first, second] = [await start(variables, prefix), await start(variables, prefix)];
      const cookie = await signIn(originOf(first), account);
      expect([await statusAt(first, cookie), await statusAt(second, cookie)]).toEqual([200, 200]);
      expect(await signOutAt(first, cookie)).toBe(204);
      await expect.poll(() => statusAt(second, cookie)).toBe(401);
      expect(await statusAt(first, cookie)).toBe(401);
    },
  );

  it('is refused by name behind a pooler of statements', async () => {
    const variables = { DATABASE_URL: await pooled({ pool_mode: 'statement' }) };
    await expect(start(variables)).rejects.toThrow(/pool_mode/);
  });

  it.each(['options=-c%20search_path%3Dother', 'schema=other'])(
    'is refused by name where the pooler does not take %s',
    async (parameter) => {
      const variables = { DATABASE_URL: `${await pooled({})}?${parameter}` };
      await expect(start(variables)).rejects.toThrow(/ALTER ROLE/);
    },
  );

  it('is refused by name where the pooler does not know the user', async () => {
    const url = new URL(await pooled({}));
    url.username = 'stranger';
    await expect(start({ DATABASE_URL: url.href })).rejects.toThrow(/pooler.*does not know the user/);
  });
});
