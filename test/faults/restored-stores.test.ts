import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { silentLogger } from '@sallyport/core';
import { parseConfig, readEnvironment, startGateway, type Gateway } from '@sallyport/server';
import { createTestPreset, testAccounts } from '@sallyport/server/test-support';
import { openRedis } from '@sallyport/stores';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findFreePorts } from '../../tools/launch/free-ports.ts';
import { findProgram } from '../../tools/test-servers/find-program.ts';
import { findPostgresProgram, startPostgres } from '../../tools/test-servers/postgres.ts';
import { startRedis } from '../../tools/test-servers/redis.ts';
import type { RunningServer, TestServer } from '../../tools/test-servers/test-server.ts';
import { cookieAt, signIn } from '../processes/sign-in.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const run = promisify(execFile);
const isAbsent = findPostgresProgram('postgres') === undefined || findProgram('redis-server') === undefined;
const [user = { email: '', password: '' }] = testAccounts;
/** The shortest that a configuration may say. */
const endAfterDowntimeSeconds = 10;
const longDowntimeMilliseconds = 12_000;

describe.skipIf(isAbsent)('PostgreSQL and Redis, restored from backups of the same moment [postgres + redis]', () => {
  let folder: string;
  let postgres: RunningServer;
  let redis: RunningServer;
  let gateway: Gateway | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sallyport-restored-'));
    postgres = requireServer(await startPostgres());
    redis = requireServer(await startRedis({ redisArguments: ['--dir', folder] }));
  });
  afterEach(async () => {
    await stop();
    await Promise.all([postgres.stop(), redis.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (): Promise<void> => {
    const [port = 0] = await findFreePorts(1);
    const environment = readEnvironment({
      PORT: String(port),
      SALLYPORT_DATA_DIR: path.join(folder, String(port)),
      SALLYPORT_SECRET: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA',
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
    });
    const preset = createTestPreset();
    const config = parseConfig({ ...preset.configure(environment), session: { endAfterDowntimeSeconds } }, 'test');
    gateway = await startGateway({ config, preset, environment, logger: silentLogger });
  };
  const stop = async (): Promise<void> => {
    await gateway?.close();
    gateway = undefined;
  };
  const origin = (): string => `http://localhost:${gateway?.port}`;
  const statusOf = async (cookie: string): Promise<number> =>
    (await fetch(`${origin()}/auth/sessions`, { headers: { cookie: cookieAt(origin(), cookie) } })).status;
  const signOut = async (cookie: string): Promise<number> =>
    (await fetch(`${origin()}/auth/sign-out`, { method: 'POST', headers: { cookie, origin: origin() } })).status;

  const backUp = async (): Promise<void> => {
    const file = `--file=${path.join(folder, 'backup.sql')}`;
    await run(program('pg_dump'), ['--clean', '--if-exists', file, `--dbname=${postgres.url}`]);
    const client = openRedis({ url: redis.url });
    await client.ready(5000);
    await client.command('', ['SAVE']);
    client.close();
    await copyFile(path.join(folder, 'dump.rdb'), path.join(folder, 'backup.rdb'));
  };
  const restore = async (): Promise<void> => {
    const file = `--file=${path.join(folder, 'backup.sql')}`;
    await run(program('psql'), ['--quiet', '--no-psqlrc', '--set=ON_ERROR_STOP=1', file, `--dbname=${postgres.url}`]);
    await redis.process?.kill();
    await copyFile(path.join(folder, 'backup.rdb'), path.join(folder, 'dump.rdb'));
    await redis.process?.restart();
  };

  it('revive no session that ended before the gateways were stopped', async () => {
    await start();
    const [ended, living] = [await signIn(origin(), user), await signIn(origin(), user)];
    await backUp();
    expect(await signOut(ended)).toBe(204);
    await stop();
    await restore();
    await sleep(longDowntimeMilliseconds);

    await start();
    expect(await statusOf(ended)).toBe(401);
    // Nothing can tell it from the other one.
    expect(await statusOf(living)).toBe(401);
    const fresh = await signIn(origin(), user);
    await stop();
    await start();
    expect(await statusOf(fresh)).toBe(200);
    expect(await statusOf(ended)).toBe(401);
  });

  it('revive no session under a gateway that runs', async () => {
    await start();
    const [ended, living] = [await signIn(origin(), user), await signIn(origin(), user)];
    await backUp();
    expect(await signOut(ended)).toBe(204);
    // More than one heartbeat, and more than what a failover may lose.
    await sleep(2 * longDowntimeMilliseconds);
    await restore();
    await expect.poll(() => statusOf(living), { timeout: 60_000, interval: 500 }).toBe(401);
    expect(await statusOf(ended)).toBe(401);
    expect(await statusOf(await signIn(origin(), user))).toBe(200);
  });

  it('keep every session over a short downtime without a restore', async () => {
    await start();
    const [ended, living] = [await signIn(origin(), user), await signIn(origin(), user)];
    expect(await signOut(ended)).toBe(204);
    await stop();
    await start();
    expect([await statusOf(ended), await statusOf(living)]).toEqual([401, 200]);
  });
});

function program(name: string): string {
  const found = findPostgresProgram(name);
  if (found === undefined) throw new Error(`${name} is missing where PostgreSQL is`);
  return found;
}

function requireServer(server: TestServer): RunningServer {
  if (server.kind === 'absent') throw new Error(server.reason);
  return server;
}
