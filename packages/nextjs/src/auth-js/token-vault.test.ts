import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import { createProcessRegister } from './logout-register.ts';
import { createSealing } from './sealing.ts';
import { sqliteDatabase } from './shell-database.ts';
import { createHandle, type ShellSession, type ShellTokens } from './shell-session.ts';
import type { RefreshOutcome, TokenClient } from './token-client.ts';
import { createTokenVault, type TokenVault } from './token-vault.ts';
import { createVaultStorage } from './vault-storage.ts';

const secret = 'a-secret-of-tests-'.padEnd(48, 'xyz');
let connection: DatabaseSync;
let vault: TokenVault;
let session: ShellSession;

beforeEach(async () => {
  connection = new DatabaseSync(':memory:');
  vault = createTokenVault({
    database: sqliteDatabase(connection),
    sealing: createSealing([secret]),
    client: 'shell',
  });
  session = {
    handle: createHandle(),
    subject: 'alice',
    sid: 'one',
    startedAt: Date.now(),
    endsAt: Date.now() + 3_600_000,
  };
  await vault.add(session, tokens(1));
});

function tokens(number: number, seconds = 600): ShellTokens {
  return {
    accessToken: `access-${number}`,
    accessTokenEndsAt: Date.now() + seconds * 1000,
    refreshToken: `refresh-${number}`,
    idToken: 'identity',
  };
}

describe('the vault', () => {
  it('keeps neither a token nor the handle of a session in clear', () => {
    const rows = JSON.stringify(connection.prepare('SELECT * FROM sallyport_shell_tokens').all());
    for (const text of ['access-1', 'refresh-1', 'identity', session.handle]) expect(rows).not.toContain(text);
  });

  it('opens no row that was put in the place of another', async () => {
    const other = { ...session, handle: createHandle(), subject: 'mallory' };
    await vault.add(other, tokens(2));
    connection.exec(
      "UPDATE sallyport_shell_tokens SET sealed = (SELECT sealed FROM sallyport_shell_tokens WHERE subject = 'alice') WHERE subject = 'mallory'",
    );
    expect(await vault.read(other.handle)).toBeUndefined();
  });

  it('gives the right to refresh to one of 50 at a time', async () => {
    const leases = await Promise.all(Array.from({ length: 50 }, () => vault.lease(session.handle, 1)));
    expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  it('gives it again when it was given back, and when its holder died', async () => {
    const lease = await vault.lease(session.handle, 1);
    if (lease === undefined) throw new Error('no lease');
    await vault.release(lease);
    expect(await vault.lease(session.handle, 1)).toBeDefined();
    expect(await vault.lease(session.handle, 1)).toBeUndefined();
    connection.exec('UPDATE sallyport_shell_tokens SET leased_until = leased_until - 6001');
    expect(await vault.lease(session.handle, 1)).toBeDefined();
  });

  it('lets a holder that was late write nothing', async () => {
    const late = await vault.lease(session.handle, 1);
    connection.exec('UPDATE sallyport_shell_tokens SET leased_until = leased_until - 6001');
    const next = await vault.lease(session.handle, 1);
    if (late === undefined || next === undefined) throw new Error('no lease');
    expect(await vault.replace(next, tokens(3))).toBe(true);
    expect(await vault.replace(late, tokens(2))).toBe(false);
    expect(await vault.read(session.handle)).toMatchObject({ tokens: { accessToken: 'access-3' }, version: 2 });
  });

  it('gives no right to refresh what was refreshed meanwhile', async () => {
    const lease = await vault.lease(session.handle, 1);
    if (lease === undefined) throw new Error('no lease');
    await vault.replace(lease, tokens(2));
    expect(await vault.lease(session.handle, 1)).toBeUndefined();
  });

  it('brings no session back that ended while it was refreshed', async () => {
    const lease = await vault.lease(session.handle, 1);
    await vault.removeAll({ sid: 'one' });
    if (lease === undefined) throw new Error('no lease');
    expect(await vault.replace(lease, tokens(2))).toBe(false);
    expect(await vault.read(session.handle)).toBeUndefined();
  });

  it('forgets sessions that are over', async () => {
    const over = { ...session, handle: createHandle(), endsAt: Date.now() - 1000 };
    await vault.add(over, tokens(2));
    expect(await vault.read(over.handle)).toBeUndefined();
    const { count } = connection.prepare('SELECT count(*) AS count FROM sallyport_shell_tokens').get() as {
      count: number;
    };
    expect(count).toBe(1);
  });

  it('says that the store is down, and nothing of its sessions', async () => {
    connection.close();
    await expect(vault.read(session.handle)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  });
});

describe('a session in the vault', () => {
  const register = createProcessRegister({ client: 'shell', sessionSeconds: 3600 });
  const storageWith = (refresh: () => Promise<RefreshOutcome>, revoked: ShellTokens[] = []) => {
    const client: TokenClient = { refresh, revoke: async (given) => void revoked.push(given) };
    return createVaultStorage({ vault, register, client });
  };
  const stale = async (seconds: number): Promise<ShellSession> => {
    const begun = { ...session, handle: createHandle() };
    await vault.add(begun, tokens(1, seconds));
    return begun;
  };
  const how = { cookies: undefined, canSetCookies: false };

  it('gives tokens back that came after it ended', async () => {
    const begun = await stale(1);
    const revoked: ShellTokens[] = [];
    const storage = storageWith(async () => {
      await vault.remove(begun.handle);
      return { kind: 'refreshed', tokens: tokens(2) };
    }, revoked);
    expect(await storage.find(begun, how)).toEqual({ kind: 'ended' });
    expect(revoked).toMatchObject([{ refreshToken: 'refresh-2' }]);
  });

  it('asks once for all who come at a time, and again when that failed', async () => {
    const begun = await stale(-1);
    let asked = 0;
    const storage = storageWith(async () => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { kind: 'unavailable', cause: new Error('down') };
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => storage.find(begun, how)));
    expect(asked).toBe(1);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
    await expect(storage.find(begun, how)).rejects.toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE' });
    expect(asked).toBe(2);
    expect(await storage.isLive(begun)).toBe(true);
  });

  it('does not begin when a logout came before it', async () => {
    const storage = storageWith(async () => ({ kind: 'refused' }));
    const begun = { ...session, handle: createHandle(), sid: 'ended-early' };
    await storage.endAll({ sid: 'ended-early' });
    await storage.begin(begun, tokens(1));
    expect(await storage.isLive(begun)).toBe(false);
  });
});
