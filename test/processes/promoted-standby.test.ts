import { testAccounts } from '@sallyport/server/test-support';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findPostgresProgram, startPostgres } from '../../tools/test-servers/postgres.ts';
import type { RunningServer } from '../../tools/test-servers/test-server.ts';
import { runOnPostgres } from './run-on-postgres.ts';
import { signIn } from './sign-in.ts';
import { startOnPostgres, type GatewayOnPostgres } from './stored-in-postgres.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const isAbsent = ['postgres', 'pg_basebackup'].some((name) => findPostgresProgram(name) === undefined);
const [account = { email: '', password: '' }] = testAccounts;
const patience = { timeout: 30_000, interval: 200 };

describe.skipIf(isAbsent)('a PostgreSQL with a standby that is promoted [postgres]', () => {
  let primary: RunningServer;
  let standby: RunningServer;
  let system: GatewayOnPostgres;
  beforeEach(async () => {
    primary = running(await startPostgres());
    standby = running(await startPostgres({ standbyOf: primary.url }));
  });
  afterEach(async () => {
    await system.close();
    await Promise.all([standby.stop(), primary.stop()]);
  });

  const both = (first: RunningServer, second: RunningServer, parameters = ''): string => {
    const { username, host, pathname } = new URL(first.url);
    return `postgres://${username}@${host},${new URL(second.url).host}${pathname}${parameters}`;
  };
  const caughtUp = async (): Promise<void> => {
    const [{ lsn } = { lsn: '' }] = await runOnPostgres<{ lsn: string }>(
      primary.url,
      'SELECT pg_current_wal_lsn()::text AS lsn',
    );
    const question = `SELECT pg_last_wal_replay_lsn() >= '${lsn}'::pg_lsn AS done`;
    await expect.poll(() => runOnPostgres(standby.url, question), patience).toEqual([{ done: true }]);
  };
  const promote = () => runOnPostgres(standby.url, 'SELECT pg_promote(true, 60)');
  const signOut = async (cookie: string): Promise<number> => (await system.post('/auth/sign-out', {}, cookie)).status;
  const signInStatus = async (): Promise<number> =>
    (await system.post('/auth/sign-in/email', { email: account.email, password: account.password })).status;
  const ready = async (): Promise<number> => (await fetch(`${system.origin}/readyz`)).status;

  it('is followed after the primary was killed, without a restart, and sessions stay', async () => {
    system = await startOnPostgres(both(primary, standby, '?target_session_attrs=read-write'));
    const [ended, living] = [await signIn(system.origin, account), await signIn(system.origin, account)];
    expect(await signOut(ended)).toBe(204);
    await caughtUp();
    await primary.process?.kill();
    await expect.poll(ready, patience).toBe(503);
    expect(await signOut(living)).toBe(503);
    await promote();
    await expect.poll(ready, patience).toBe(200);
    await expect.poll(() => system.sessionsOf(living), patience).toBe(200);
    expect(await system.sessionsOf(ended)).toBe(401);
    expect(await signInStatus()).toBe(200);
    expect(await signOut(living)).toBe(204);
    expect(await system.sessionsOf(living)).toBe(401);
    expect(await runOnPostgres(standby.url, 'SELECT pg_is_in_recovery() AS standby')).toEqual([{ standby: false }]);
  });

  it('is followed after the primary was made read-only, and no write is acknowledged before', async () => {
    system = await startOnPostgres(both(primary, standby));
    const cookie = await signIn(system.origin, account);
    await caughtUp();
    await runOnPostgres(primary.url, 'ALTER SYSTEM SET default_transaction_read_only = on');
    await runOnPostgres(primary.url, 'SELECT pg_reload_conf()');
    await expect.poll(() => signOut(cookie), patience).toBe(503);
    // Neither server takes writes: none is believed to have.
    expect(await signInStatus()).toBe(503);
    await promote();
    await expect.poll(signInStatus, patience).toBe(200);
    expect(await signOut(cookie)).toBe(204);
    expect(await system.sessionsOf(cookie)).toBe(401);
    const count = 'SELECT count(*)::int AS events FROM "sallyportEvent"';
    expect(await runOnPostgres(standby.url, count)).not.toEqual(await runOnPostgres(primary.url, count));
  });

  it('is passed over at the start while it is a standby, wherever it stands in the address', async () => {
    system = await startOnPostgres(both(standby, primary));
    expect(await signInStatus()).toBe(200);
    expect(await ready()).toBe(200);
  });
});

function running(server: Awaited<ReturnType<typeof startPostgres>>): RunningServer {
  if (server.kind === 'absent') throw new Error(server.reason);
  return server;
}
