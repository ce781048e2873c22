import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDatabaseRegister, createProcessRegister, type LogoutRegister } from './logout-register.ts';
import { sqliteDatabase } from './shell-database.ts';
import { createHandle, type ShellSession } from './shell-session.ts';

const options = { client: 'shell', sessionSeconds: 3600, now: () => time };
let time: number;

describe.each([
  ['a database', () => createDatabaseRegister(sqliteDatabase(new DatabaseSync(':memory:')), options)],
  ['this process', () => createProcessRegister(options)],
])('what ended, remembered in %s', (_name, open) => {
  let register: LogoutRegister;
  beforeEach(() => {
    time = 1_000_000;
    register = open();
  });
  const session = (change: Partial<ShellSession> = {}): ShellSession => ({
    handle: createHandle(),
    subject: 'alice',
    sid: 'one',
    startedAt: time,
    endsAt: time + 3_600_000,
    ...change,
  });

  it('ends the session that a logout names, and no other', async () => {
    const [named, other] = [session(), session({ sid: 'two' })];
    const { sid: _sid, ...without } = session();
    await register.end({ sid: 'one' });
    expect(await register.isEnded(named)).toBe(true);
    expect(await register.isEnded(other)).toBe(false);
    expect(await register.isEnded(without)).toBe(false);
  });

  it('ends every session that a user has, and none that begins later', async () => {
    const before = session();
    time += 10;
    await register.end({ subject: 'alice' });
    time += 10;
    expect(await register.isEnded(before)).toBe(true);
    expect(await register.isEnded(session({ sid: 'two' }))).toBe(false);
    expect(await register.isEnded(session({ subject: 'bob', startedAt: 1_000_000 }))).toBe(false);

    await register.end({ subject: 'alice' });
    expect(await register.isEnded(session({ sid: 'two' }))).toBe(true);
  });

  it('ends one session by its cookie', async () => {
    const [one, other] = [session(), session()];
    await register.endSession(one);
    expect([await register.isEnded(one), await register.isEnded(other)]).toEqual([true, false]);
  });

  it('lets a logout token be used by exactly one of 50 at a time', async () => {
    const uses = await Promise.all(Array.from({ length: 50 }, () => register.useOnce('token-1', time + 60_000)));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect([await register.isUsed('token-1'), await register.isUsed('token-2')]).toEqual([true, false]);
  });

  it('remembers for as long as a session could live, and no longer', async () => {
    await register.end({ sid: 'one' });
    await register.useOnce('token-1', time + 60_000);
    time += 3_600_000 - 1;
    await register.useOnce('token-2', time + 60_000);
    expect(await register.isEnded(session({ startedAt: 1_000_000 }))).toBe(true);
    time += 120_000;
    await register.useOnce('token-3', time + 60_000);
    expect([await register.isUsed('token-1'), await register.isUsed('token-2')]).toEqual([false, false]);
  });
});

describe('two shells that share a database', () => {
  it('end their own sessions alone', async () => {
    const database = sqliteDatabase(new DatabaseSync(':memory:'));
    const [one, other] = ['one', 'other'].map((client) => createDatabaseRegister(database, { ...options, client }));
    const ended: ShellSession = { handle: createHandle(), subject: 'a', sid: 's', startedAt: 1, endsAt: 2 };
    await one?.end({ sid: 's' });
    expect([await one?.isEnded(ended), await other?.isEnded(ended)]).toEqual([true, false]);
  });
});
