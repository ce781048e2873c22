import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { openRedis } from '@sallyport/stores';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo, cookieOf, signOutOf, statusOfSession, type AskGateway } from '../../tools/launch/gateway-client.ts';
import { startSystem, type RunningSystem } from '../../tools/launch/system.ts';
import { findPostgresProgram, startPostgres } from '../../tools/test-servers/postgres.ts';
import { startRedis } from '../../tools/test-servers/redis.ts';
import type { RunningServer, TestServer } from '../../tools/test-servers/test-server.ts';
import { demoAccount } from './sign-in.ts';

const run = promisify(execFile);

let folder: string;
let postgres: RunningServer;
let redis: RunningServer;
let system: RunningSystem;
let ask: AskGateway;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sallyport-e2e-'));
  await chmod(folder, 0o700);
  postgres = requireServer(await startPostgres());
  redis = requireServer(await startRedis({ redisArguments: ['--dir', folder] }));
  system = await startSystem({
    dataDir: path.join(folder, 'data'),
    only: ['mailbox', 'gateway', 'gateway-2', 'shop'],
    stores: { databaseUrl: postgres.url, redisUrl: redis.url },
    gateways: 2,
  });
  ask = connectTo(system);
});
afterAll(async () => {
  await system.stop();
  await Promise.all([postgres.stop(), redis.stop()]);
  await rm(folder, { recursive: true, force: true });
});

describe('a backup from before a sign-out, restored after it [postgres + redis ×2]', () => {
  it('of PostgreSQL does not revive the session', async () => {
    const { staying, leaving } = await signInTwice();
    const backup = path.join(folder, 'backup.sql');
    await run(program('pg_dump'), ['--clean', '--if-exists', `--file=${backup}`, `--dbname=${postgres.url}`]);
    await signOutAll(leaving);
    await restartAround(() =>
      run(program('psql'), [
        '--quiet',
        '--no-psqlrc',
        '--set=ON_ERROR_STOP=1',
        `--file=${backup}`,
        `--dbname=${postgres.url}`,
      ]),
    );
    await expectEnded(leaving);
    expect(await statusOfSession(ask, staying)).toBe(200);
  });

  it('of Redis does not revive the session', async () => {
    const { staying, leaving } = await signInTwice();
    const client = openRedis({ url: redis.url });
    await client.ready(5000);
    await client.command('', ['SAVE']);
    client.close();
    const [file, backup] = [path.join(folder, 'dump.rdb'), path.join(folder, 'backup.rdb')];
    await copyFile(file, backup);
    await signOutAll(leaving);
    await restartAround(async () => {
      await redis.process?.kill();
      await copyFile(backup, file);
      await redis.process?.restart();
    });
    // The backup was read at all: users who were signed in then still are.
    expect(await statusOfSession(ask, staying)).toBe(200);
    await expectEnded(leaving);
  });
});

interface Sessions {
  readonly staying: string;
  /** One is signed out by itself, the others together, by another account. */
  readonly leaving: readonly string[];
}

async function signInTwice(): Promise<Sessions> {
  const [user, vendor] = [demoAccount('user', system.accounts), demoAccount('vendor', system.accounts)];
  const staying = await cookieOf(ask, user);
  const leaving = [await cookieOf(ask, user), await cookieOf(ask, vendor), await cookieOf(ask, vendor)];
  for (const cookie of [staying, ...leaving]) expect(await statusOfSession(ask, cookie)).toBe(200);
  return { staying, leaving };
}

async function signOutAll([single = '', ...together]: readonly string[]): Promise<void> {
  expect(await signOutOf(ask, single)).toBe(204);
  const answer = await ask('/auth/sessions/revoke-all', { method: 'POST', json: {}, cookie: together[0] });
  expect(answer.status).toBeLessThan(300);
}

async function expectEnded(cookies: readonly string[]): Promise<void> {
  for (const name of ['gateway', 'gateway-2'] as const) {
    const direct = connectTo(system, name);
    for (const cookie of cookies) expect(await statusOfSession(direct, cookie)).toBe(401);
  }
}

/** As an operator restores: no request is served meanwhile. */
async function restartAround(work: () => Promise<unknown>): Promise<void> {
  await Promise.all([system.stop('gateway'), system.stop('gateway-2')]);
  await work();
  await system.start('gateway');
  await system.start('gateway-2');
}

function program(name: string): string {
  const found = findPostgresProgram(name);
  if (found === undefined) throw new Error(`${name} is missing where PostgreSQL is`);
  return found;
}

function requireServer(server: TestServer): RunningServer {
  if (server.kind === 'absent') throw new Error(server.reason);
  return server;
}
