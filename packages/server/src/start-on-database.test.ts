import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, type Logger } from '@sallyport/core';
import { openExternalDatabase, openPostgres } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from './compose.ts';
import { readEnvironment } from './config/environment.ts';
import { parseConfig } from './config/parse-config.ts';
import { createTestPreset, testAccounts } from './test-support/test-preset.ts';

const servers = {
  postgres: process.env['TEST_POSTGRES_URL'] ?? '',
  mongodb: process.env['TEST_MONGODB_URL'] ?? '',
} as const;

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';

describe.each(['postgres', 'mongodb'] as const)('the gateway', (kind) => {
  const reason = servers[kind] === '' ? ` (no server: TEST_${kind.toUpperCase()}_URL is not set)` : '';
  describe.skipIf(servers[kind] === '')(`started on a database [${kind}]${reason}`, () => {
    let folder: string;
    let databaseUrl: string;
    const gateways: Gateway[] = [];
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'));
      databaseUrl = await makeDatabase(kind);
    });
    afterEach(async () => {
      for (const gateway of gateways.splice(0)) await gateway.close();
      await dropDatabase(databaseUrl);
      rmSync(folder, { recursive: true, force: true });
    });

    const start = async (dataDir: string, logger: Logger = silentLogger, variables = {}): Promise<Gateway> => {
      const environment = readEnvironment({
        PORT: String(await findFreePort()),
        SALLYPORT_DATA_DIR: join(folder, dataDir),
        DATABASE_URL: databaseUrl,
        ...variables,
      });
      const preset = createTestPreset();
      const config = parseConfig(preset.configure(environment), 'test');
      const gateway = await startGateway({ config, preset, environment, logger });
      gateways.push(gateway);
      return gateway;
    };
    const ask = (gateway: Gateway, path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`http://localhost:${gateway.port}${path}`, {
        ...init,
        headers: { origin: `http://localhost:${gateway.port}`, ...init.headers },
      });

    it('signs accounts in, and still knows them after another start', async () => {
      const first = await start('a');
      const [account] = testAccounts;
      const answer = await ask(first, '/auth/sign-in/email', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: account?.email, password: account?.password }),
      });
      expect(answer.status).toBe(200);
      const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      await gateways.pop()?.close();
      const second = await start('a');
      expect((await ask(second, '/auth/session', { headers: { cookie } })).status).toBe(200);
      expect((await ask(second, '/auth/sign-out', { method: 'POST', headers: { cookie } })).status).toBe(204);
    }, 60_000);

    it('is the only one without Redis, whatever its data folder', async () => {
      await start('a');
      await expect(start('b')).rejects.toThrow(/Another gateway uses this database.*REDIS_URL/);
    }, 60_000);

    // Without Redis only one gateway uses the database, and FerretDB decides no race.
    const canShare = kind === 'postgres' && redisUrl !== '';
    it.skipIf(!canShare).each([
      { name: 'both with one policy', roles: [{ user: [] }, { user: [] }], started: 2 },
      { name: 'one of two with different policies', roles: [{ user: [] }, { user: [], clerk: [] }], started: 1 },
    ])(
      'starts $name, when both start at the same time on an empty database',
      async ({ roles, started }) => {
        const environment = readEnvironment({
          DATABASE_URL: databaseUrl,
          REDIS_URL: redisUrl,
          SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA',
          SMTP_URL: 'smtp://127.0.0.1:9',
        });
        const route = {
          name: 'all',
          prefix: '/',
          upstream: 'http://127.0.0.1:9',
          audience: 'all',
          access: 'signed-in',
        };
        const prefix = `first-start-${randomBytes(6).toString('hex')}:`;
        const outcomes = await Promise.allSettled(
          roles.map(async (held, index) => {
            const input = {
              publicUrl: 'http://localhost:3000',
              listen: { port: 0 },
              dataDir: join(folder, String(index)),
              redis: { prefix },
              mail: { from: 'Acme <no-reply@example.test>' },
              policy: { permissions: {}, roles: held },
              routes: [route],
            };
            const config = parseConfig(input, 'test');
            gateways.push(await startGateway({ config, environment, logger: silentLogger }));
          }),
        );
        const refusals = outcomes.flatMap((outcome) =>
          outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
        );
        for (const refusal of refusals)
          expect(refusal).toMatchObject({ message: expect.stringMatching(/role clerk[^]*roles apply/) as string });
        expect(gateways).toHaveLength(started);
      },
      60_000,
    );

    it.skipIf(kind !== 'postgres').each([
      { name: 'its address', change: setInAddress },
      { name: 'its role', change: setForRole },
    ])(
      'signs nine sessions out at the same time where $name makes transactions serializable by default',
      async ({ change }) => {
        const gateway = await start('a', silentLogger, { DATABASE_URL: await change(databaseUrl) });
        const [account] = testAccounts;
        const body = JSON.stringify({ email: account?.email, password: account?.password });
        const headers = { 'content-type': 'application/json' };
        const cookies: string[] = [];
        // One after the other: hashing of many passwords at once is refused on purpose.
        for (let count = 0; count < 9; count += 1) {
          const answer = await ask(gateway, '/auth/sign-in/email', { method: 'POST', headers, body });
          expect(answer.status).toBe(200);
          cookies.push((answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '');
        }
        const ends = await Promise.all(
          cookies.map((cookie) => ask(gateway, '/auth/sign-out', { method: 'POST', headers: { cookie } })),
        );
        expect(ends.map(({ status }) => status)).toEqual(cookies.map(() => 204));
      },
      120_000,
    );

    it('writes its address and its password into no log line', async () => {
      const lines: string[] = [];
      const log = (message: string, fields: object = {}) => void lines.push(`${message} ${JSON.stringify(fields)}`);
      await start('a', { info: log, warn: log, error: log });
      expect(lines.join('\n')).toContain('the database was migrated');
      expect(lines.join('\n')).not.toContain(new URL(databaseUrl).host);
    }, 60_000);
  });
});

async function setInAddress(databaseUrl: string): Promise<string> {
  const url = new URL(databaseUrl);
  const options = url.searchParams.get('options') ?? '';
  url.searchParams.set('options', `${options} -c default_transaction_isolation=serializable`);
  return url.href;
}

/** A role that owns the schema of the database, and goes with it. */
async function setForRole(databaseUrl: string): Promise<string> {
  const schema = schemaOf(databaseUrl);
  await runOnPostgres(databaseUrl, `CREATE ROLE ${schema} LOGIN`);
  await runOnPostgres(databaseUrl, `ALTER ROLE ${schema} SET default_transaction_isolation = serializable`);
  await runOnPostgres(databaseUrl, `ALTER SCHEMA ${schema} OWNER TO ${schema}`);
  return Object.assign(new URL(databaseUrl), { username: schema }).href;
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function makeDatabase(kind: 'postgres' | 'mongodb'): Promise<string> {
  const name = `sallyport_${randomBytes(6).toString('hex')}`;
  const url = new URL(servers[kind]);
  if (kind === 'mongodb') {
    url.pathname = `/${name}`;
    return url.href;
  }
  if (url.pathname.length < 2) url.pathname = '/postgres';
  await runOnPostgres(url.href, `CREATE SCHEMA ${name}`);
  url.searchParams.set('options', `-c search_path=${name}`);
  return url.href;
}

async function dropDatabase(url: string): Promise<void> {
  if (url.startsWith('postgres')) {
    const name = schemaOf(url);
    await runOnPostgres(url, `DROP SCHEMA ${name} CASCADE`);
    return runOnPostgres(url, `DROP ROLE IF EXISTS ${name}`);
  }
  const database = openExternalDatabase(url, silentLogger);
  if (database.kind === 'mongodb') await database.client.db(database.databaseName).dropDatabase();
  await database.close();
}

function schemaOf(url: string): string {
  return /search_path(?:=|%3D)(\w+)/.exec(url)?.[1] ?? '';
}

async function runOnPostgres(url: string, statement: string): Promise<void> {
  const database = openPostgres({ url });
  const connection = await database.dedicated.connect();
  await connection.query(statement);
  connection.release();
  await database.close();
}
