import { beforeEach, describe, expect, it } from 'vitest';
import { createSessionCache, type SessionCache } from './session-cache.ts';
import { createTestBus, createTestSessions, type TestBus, type TestSessions } from '../test-support/test-sessions.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

let time = start;
let sessions: TestSessions;
let bus: TestBus;
let cache: SessionCache;
beforeEach(() => {
  time = start;
  sessions = createTestSessions(() => new Date(time));
  bus = createTestBus();
  cache = createSessionCache({ sessions, bus, clock: () => time, maxEntries: 3, maxAgeSeconds: 60 });
});

const isFound = async (token: string, isFresh = false): Promise<boolean> =>
  (await cache.findByToken(token, isFresh)).session !== null;

describe('what is remembered', () => {
  it('answers from memory after one read, however many ask at once', async () => {
    const token = sessions.add();
    const found = await Promise.all(Array.from({ length: 100 }, () => isFound(token)));
    expect(found.every(Boolean)).toBe(true);
    expect(cache.findByToken(token)).toMatchObject({ isHit: true });
    expect(sessions.reads).toBe(1);
  });

  it('is told apart by token on a connection that many people share', async () => {
    const connection = {};
    const [one, two] = [sessions.add({ id: 'one' }), sessions.add({ id: 'two' })];
    for (const [token, id] of [
      [one, 'one'],
      [two, 'two'],
      [one, 'one'],
      [`${one.slice(0, -1)}x`, undefined],
      [two, 'two'],
    ] as const) {
      expect((await cache.findByToken(token, false, connection)).session?.principal.id).toBe(id);
    }
  });

  it('is refused on the very connection that was used before it was revoked', async () => {
    const connection = {};
    const token = sessions.add();
    await cache.findByToken(token, false, connection);
    const sid = sessions.sidOf(token);
    sessions.remove(token);
    await bus.revoke('session', sid);
    expect((await cache.findByToken(token, false, connection)).session).toBeNull();
  });

  it('is read again after its greatest age', async () => {
    const token = sessions.add();
    await isFound(token);
    time += 60_000;
    await isFound(token);
    expect(sessions.reads).toBe(2);
  });

  it('is read again when the clock was put back', async () => {
    const token = sessions.add();
    await isFound(token);
    time -= 1;
    await isFound(token);
    expect(sessions.reads).toBe(2);
  });

  it('is not used for a fresh read, nor is a read that began before', async () => {
    const token = sessions.add();
    await Promise.all([isFound(token), isFound(token, true), isFound(token, true)]);
    await isFound(token, true);
    expect(sessions.reads).toBe(4);
  });

  it('is bounded, and the session unused for longest makes room', async () => {
    const tokens = Array.from({ length: 4 }, (_, index) => sessions.add({ id: `user-${index}` }));
    const [first = '', second = '', ...others] = tokens;
    for (const token of [first, second]) await isFound(token);
    await isFound(first);
    for (const token of others) await isFound(token);
    const before = sessions.reads;
    await isFound(first);
    expect(sessions.reads).toBe(before);
    await isFound(second);
    expect(sessions.reads).toBe(before + 1);
  });

  it('does not lose real sessions to a flood of made-up tokens', async () => {
    const token = sessions.add();
    await isFound(token);
    for (let index = 0; index < 50; index++) await isFound(`made-up-${index}`.padEnd(43, 'x'));
    const before = sessions.reads;
    expect(await isFound(token)).toBe(true);
    expect(sessions.reads).toBe(before);
  });

  it('includes, for a moment, that a token is unknown', async () => {
    const token = 'x'.repeat(43);
    expect([await isFound(token), await isFound(token)]).toEqual([false, false]);
    expect(sessions.reads).toBe(1);
  });
});

describe('expiry is checked on every hit', () => {
  it.each([
    ['idle', { idleExpiresAt: new Date(start + 5000) }],
    ['absolute', { absoluteExpiresAt: new Date(start + 5000) }],
  ])('%s', async (_name, times) => {
    const token = sessions.add({}, times);
    expect(await isFound(token)).toBe(true);
    time += 4999;
    expect(await isFound(token)).toBe(true);
    time += 1;
    expect(await isFound(token)).toBe(false);
    expect(sessions.reads).toBe(1);
  });
});

describe('a revocation', () => {
  it.each([
    ['of the session', (sid: string) => bus.revoke('session', sid)],
    ['of the user', () => bus.revoke('user', 'alice')],
    ['of the policy', () => bus.revoke('policy', 'default')],
    ['that may have been missed', async () => bus.gap()],
  ])('%s makes the next request read again', async (_name, revoke) => {
    const token = sessions.add();
    await isFound(token);
    const sid = sessions.sidOf(token);
    sessions.remove(token);
    await revoke(sid);
    expect(await isFound(token)).toBe(false);
  });

  it('of another session changes nothing', async () => {
    const token = sessions.add();
    await isFound(token);
    await bus.revoke('session', 'another');
    await bus.revoke('user', 'bob');
    await isFound(token);
    expect(sessions.reads).toBe(1);
  });

  it.each([
    ['session', (sid: string) => bus.revoke('session', sid)],
    ['user', () => bus.revoke('user', 'alice')],
    ['policy', () => bus.revoke('policy', 'default')],
    ['gap', async () => bus.gap()],
  ])('wins over a read in flight: %s', async (_name, revoke) => {
    const token = sessions.add();
    const sid = sessions.sidOf(token);
    const gate = Promise.withResolvers<void>();
    sessions.beforeAnswer = () => gate.promise;
    // The store has looked the session up while it lived, but its answer is still on the way.
    const pending = Promise.all(Array.from({ length: 10 }, () => isFound(token)));
    sessions.remove(token);
    await revoke(sid);
    const late = isFound(token);
    gate.resolve();
    expect(await pending).toEqual(Array.from({ length: 10 }, () => false));
    expect(await late).toBe(false);
    expect(await isFound(token)).toBe(false);
  });

  it('gives up rather than guess when sessions change faster than they can be read', async () => {
    const token = sessions.add();
    sessions.beforeAnswer = () => bus.revoke('user', 'alice');
    await expect(isFound(token)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  });
});

describe('while the bus is not connected', () => {
  it('the store is read every time, and no request joins the read of another', async () => {
    const token = sessions.add();
    await isFound(token);
    bus.connected = false;
    await Promise.all([isFound(token), isFound(token)]);
    await isFound(token);
    expect(sessions.reads).toBe(4);
  });

  it('a session that ended elsewhere is refused at once, without a revocation event', async () => {
    const token = sessions.add();
    await isFound(token);
    bus.connected = false;
    sessions.remove(token);
    expect(await isFound(token)).toBe(false);
  });

  it('neither sessions nor unknown tokens are remembered for later', async () => {
    const token = sessions.add();
    const madeUp = 'x'.repeat(43);
    bus.connected = false;
    expect([await isFound(token), await isFound(madeUp)]).toEqual([true, false]);
    bus.connected = true;
    await Promise.all([isFound(token), isFound(madeUp)]);
    expect(sessions.reads).toBe(4);
  });

  it('what is read is not remembered when the connection is lost meanwhile', async () => {
    const token = sessions.add();
    sessions.beforeAnswer = async () => void (bus.connected = false);
    expect(await isFound(token)).toBe(true);
    bus.connected = true;
    sessions.beforeAnswer = async () => {};
    await isFound(token);
    expect(sessions.reads).toBe(2);
  });
});

describe('a store that cannot answer', () => {
  it('is our fault and not the session’s, and recovers', async () => {
    const token = sessions.add();
    sessions.beforeAnswer = () => Promise.reject(new Error('locked'));
    await expect(isFound(token)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    sessions.beforeAnswer = async () => {};
    expect(await isFound(token)).toBe(true);
  });

  it('is waited for only so long', async () => {
    const impatient = createSessionCache({
      sessions,
      bus,
      clock: () => time,
      maxEntries: 3,
      maxAgeSeconds: 60,
      lookUpTimeoutMilliseconds: 5,
    });
    sessions.beforeAnswer = () => new Promise(() => {});
    await expect(impatient.findByToken(sessions.add())).rejects.toMatchObject({ reason: 'session-read-timeout' });
  });
});
