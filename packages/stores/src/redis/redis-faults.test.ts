import { readdirSync, readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { silentLogger, type SallyportError, type Logger, type SessionStore } from '@sallyport/core';
import { after, makeSessionRecord, sessionStart } from '@sallyport/testing/contracts';
import { startChaosProxy, type ChaosBehaviour, type ChaosProxy } from '@sallyport/testing/faults';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEmbeddedDatabase } from '../embedded/embedded-database.ts';
import { endedSessionTable } from '../records/ended-session-table.ts';
import { openRedis, type OpenRedisOptions, type Redis } from './open-redis.ts';
import { createRedisBus, type RedisBus } from './redis-bus.ts';
import { createRedisCounters } from './redis-counters.ts';
import { hasRedisServer, startRedisServer, type RedisServer } from './redis-server.test-support.ts';
import { testSealer } from './redis-session-subject.test-support.ts';
import { createRedisSessionStore } from './redis-session-store.ts';
import { randomPrefix } from './test-redis.test-support.ts';

const unavailable = { code: 'SP_STORE_UNAVAILABLE', status: 503, retryAfterSeconds: 1 };
const patience = { timeout: 15_000, interval: 10 };

interface Parts {
  readonly redis: Redis;
  readonly sessions: SessionStore;
  readonly ledger: DatabaseSync;
}

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openParts(url: string, options: Partial<OpenRedisOptions> = {}): Promise<Parts> {
  const redis = openRedis({ url, prefix: randomPrefix(), ...options });
  const ledger = openEmbeddedDatabase({ file: ':memory:' });
  closing.push(
    () => redis.close(),
    () => void (ledger.isOpen && ledger.close()),
  );
  await redis.ready(15_000);
  const records = createSqliteRecords(ledger, [endedSessionTable]);
  const sessions = createRedisSessionStore({
    redis,
    records,
    sealer: testSealer('session-record'),
    now: () => sessionStart,
  });
  return { redis, sessions, ledger };
}

/** Every way in which gateway and identity use the stores. */
function everyCall({ redis, sessions }: Parts, sid: string): readonly Promise<unknown>[] {
  const counters = createRedisCounters({ redis });
  return [
    sessions.create(makeSessionRecord()),
    sessions.findByTokenHash(['hash']),
    sessions.findBySid(sid),
    sessions.listLive('ada', after(1)),
    sessions.change(sid, 1, { acr: 'mfa' }),
    sessions.recordActivity(sid, after(1), after(601)),
    sessions.revoke(sid, 'ada', 'signed-out', after(1)),
    sessions.revokeAll('ada', 'signed-out-everywhere', after(1)),
    counters.increment('a', 10),
    counters.read('a'),
    counters.reset('a'),
  ];
}

async function expectAllUnavailable(parts: Parts, sid: string): Promise<void> {
  for (const call of await Promise.allSettled(everyCall(parts, sid)))
    expect(call).toMatchObject({ status: 'rejected', reason: unavailable });
}

async function expectRecovery({ sessions }: Parts): Promise<void> {
  await vi.waitFor(() => sessions.create(makeSessionRecord()), patience);
}

describe.skipIf(!hasRedisServer)('the way to Redis [redis]', () => {
  let server: RedisServer;
  let proxy: ChaosProxy;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  beforeEach(async () => {
    proxy = await startChaosProxy({ targetPort: server.port });
    closing.push(() => proxy.close());
  });
  afterAll(() => server.stop());

  const url = (): string => `redis://127.0.0.1:${proxy.port}`;

  it.each<ChaosBehaviour>([
    { kind: 'refuse' },
    { kind: 'blackhole' },
    { kind: 'latency', milliseconds: 1500 },
    { kind: 'cut', afterBytes: 2 },
  ])('makes every call an outage while it is broken ($kind), and recovers by itself', async (behaviour) => {
    const parts = await openParts(url());
    const { sid } = makeSessionRecord();
    await parts.sessions.create(makeSessionRecord({ sid }));
    await proxy.behave(behaviour);
    await expectAllUnavailable(parts, sid);
    // By now the connection is known to be lost: nothing waits for it any more.
    await expectAllUnavailable(parts, sid);
    await proxy.behave({ kind: 'pass' });
    await expectRecovery(parts);
    expect(await parts.sessions.findBySid(sid)).not.toBeNull();
  });

  it('does no harm when it is only slow', async () => {
    const { sessions } = await openParts(url());
    await proxy.behave({ kind: 'latency', milliseconds: 40 });
    const session = makeSessionRecord();
    await sessions.create(session);
    expect(await sessions.findBySid(session.sid)).toEqual(session);
  });

  it('is opened anew after a reset', async () => {
    const parts = await openParts(url());
    proxy.reset();
    await expectRecovery(parts);
    expect(proxy.connections).toBe(1);
  });

  it('holds a bounded number of calls while nothing is answered, and refuses the others at once', async () => {
    const { redis } = await openParts(url(), { maximumInFlight: 50 });
    await proxy.behave({ kind: 'blackhole' });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5000 }, () => redis.command('k', ['GET', `${redis.prefix}k`])),
    );
    const reasons = outcomes.map(
      (outcome) => outcome.status === 'rejected' && (outcome.reason as SallyportError).reason,
    );
    expect(reasons.filter((reason) => reason === 'redis-busy')).toHaveLength(4950);
    expect(new Set(reasons)).toEqual(new Set(['redis-busy', 'redis-timeout', 'redis-disconnected']));
  });

  it('that is half open does not keep the bus from noticing', async () => {
    const { redis } = await openParts(url());
    const bus = openBus(redis);
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
    const received: string[] = [];
    bus.subscribe(({ kind }) => received.push(kind));
    await proxy.behave({ kind: 'blackhole' });
    await vi.waitFor(() => expect(bus.isConnected()).toBe(false), patience);
    await vi.waitFor(() => expect(received).toContain('gap'), patience);
    await proxy.behave({ kind: 'pass' });
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
  });

  it('is spoken of in the log without the password, and at most once while it is broken', async () => {
    const lines: string[] = [];
    const log: Logger['warn'] = (message, fields) => void lines.push(JSON.stringify({ message, ...fields }));
    const logger: Logger = { ...silentLogger, info: log, warn: log, error: log };
    await proxy.behave({ kind: 'refuse' });
    const redis = openRedis({ url: `redis://u:canary@127.0.0.1:${proxy.port}`, logger });
    closing.push(() => redis.close());
    const failure: unknown = await redis.ready(1500).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    expect(lines).toEqual([
      '{"message":"redis is not connected","event":"redis-disconnected","purpose":"commands","cause":"ECONNREFUSED"}',
    ]);
    expect(JSON.stringify([lines, describeError(failure)])).not.toMatch(/canary|127\.0\.0\.1/);
  });
});

describe.skipIf(!hasRedisServer)('a Redis in trouble [redis]', () => {
  let server: RedisServer;
  let parts: Parts;
  beforeAll(async () => {
    server = await startRedisServer({ arguments: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  });
  beforeEach(async () => {
    parts = await openParts(server.url);
  });
  afterAll(() => server.stop());

  const createSession = async (): Promise<string> => {
    const session = makeSessionRecord();
    await parts.sessions.create(session);
    return session.sid;
  };

  it('that hangs is an outage, and is used again when it goes on', async () => {
    const sid = await createSession();
    process.kill(server.pid, 'SIGSTOP');
    await expectAllUnavailable(parts, sid);
    process.kill(server.pid, 'SIGCONT');
    await expectRecovery(parts);
  });

  it('that is killed and started again keeps what it acknowledged', async () => {
    const [live, ended] = [await createSession(), await createSession()];
    expect(await parts.sessions.revoke(ended, 'ada', 'signed-out', after(5))).toBe(true);
    await server.kill();
    await vi.waitFor(() => expectAllUnavailable(parts, live), patience);
    await server.start();
    await expectRecovery(parts);
    expect(await parts.sessions.findBySid(live)).toMatchObject({ generation: 1 });
    expect(await parts.sessions.findBySid(ended)).toMatchObject({ revokedAt: after(5) });
  });

  it('that forgot its scripts gets them again', async () => {
    await createSession();
    await server.cli('SCRIPT', 'FLUSH', 'SYNC');
    const sid = await createSession();
    await server.cli('SCRIPT', 'FLUSH', 'SYNC');
    expect(await parts.sessions.revoke(sid, 'ada', 'signed-out', after(5))).toBe(true);
  });

  it('that was emptied knows no session, and nothing is left half', async () => {
    const session = makeSessionRecord();
    await parts.sessions.create(session);
    await server.cli('FLUSHALL');
    expect(await parts.sessions.findByTokenHash([session.tokenHash])).toBeNull();
    expect(await parts.sessions.findBySid(session.sid)).toBeNull();
    expect(await parts.sessions.listLive('ada', after(1))).toEqual([]);
    expect(await parts.sessions.revoke(session.sid, 'ada', 'signed-out', after(1))).toBe(false);
    await parts.sessions.recordActivity(session.sid, after(1), after(601));
    expect(await parts.sessions.change(session.sid, 1, { acr: 'mfa' })).toEqual({ kind: 'unknown' });
    await parts.sessions.create(session);
    expect(await parts.sessions.findBySid(session.sid)).toEqual(session);
  });

  it('that lost the index of a user ends every session all the same', async () => {
    const sid = await createSession();
    for (const key of (await server.cli('--raw', 'KEYS', `${parts.redis.prefix}u:*`)).split('\n'))
      await server.cli('DEL', key);
    await parts.sessions.revokeAll('ada', 'password-changed', after(5));
    expect(await parts.sessions.findBySid(sid)).toMatchObject({ revokedBecause: 'password-changed' });
  });

  describe('that is full', () => {
    afterEach(() => server.cli('CONFIG', 'SET', 'maxmemory', '0'));

    it('creates no session, reports no end that it did not write, and forgets no end that was asked for', async () => {
      const sid = await createSession();
      await server.cli('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
      await expect(parts.sessions.create(makeSessionRecord())).rejects.toMatchObject(unavailable);
      await expect(createRedisCounters(parts).increment('a', 10)).rejects.toMatchObject(unavailable);
      const revocation = parts.sessions.revoke(sid, 'ada', 'signed-out', after(5));
      await expect(revocation).rejects.toMatchObject({ ...unavailable, reason: 'redis-oom' });
      // The ledger has it: the session is over although its caller got an error.
      expect(await parts.sessions.findBySid(sid)).toMatchObject({ revokedBecause: 'signed-out' });
      await server.cli('CONFIG', 'SET', 'maxmemory', '0');
      expect(await parts.sessions.findBySid(sid)).toMatchObject({ revokedBecause: 'signed-out', generation: 2 });
    });
  });

  describe('that may only be read', () => {
    let primary: RedisServer;
    beforeAll(async () => {
      primary = await startRedisServer();
    });
    afterAll(() => primary.stop());
    afterEach(() => server.cli('REPLICAOF', 'NO', 'ONE'));

    it('serves no write and reports no end, and what was asked to end has ended', async () => {
      const [live, ending] = [await createSession(), await createSession()];
      await server.cli('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
      // A primary that never comes, so that the data stays.
      await server.cli('REPLICAOF', '127.0.0.1', '1');
      const revocation = parts.sessions.revoke(ending, 'ada', 'signed-out', after(5));
      await expect(revocation).rejects.toMatchObject({ ...unavailable, reason: 'redis-readonly' });
      const refused = () => parts.sessions.create(makeSessionRecord());
      await vi.waitFor(() => expect(refused()).rejects.toMatchObject({ reason: 'redis-readonly' }), patience);
      await vi.waitFor(async () => {
        expect(await parts.sessions.findBySid(live)).toMatchObject({ generation: 1 });
        expect(await parts.sessions.findBySid(ending)).toMatchObject({ revokedBecause: 'signed-out' });
      }, patience);
      await server.cli('REPLICAOF', 'NO', 'ONE');
      await expectRecovery(parts);
    });
  });

  it('makes the bus reject what it did not take, and no cache is believed meanwhile', async () => {
    const bus = openBus(parts.redis);
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
    process.kill(server.pid, 'SIGSTOP');
    const published = bus.publish({ kind: 'user', id: 'ada', minGeneration: 2, at: after(1), reason: 'banned' });
    await expect(published).rejects.toMatchObject(unavailable);
    expect(bus.isConnected()).toBe(false);
    process.kill(server.pid, 'SIGCONT');
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
  });

  it('is not the only thing that can fail: without the database no session is reported as live', async () => {
    const session = makeSessionRecord();
    await parts.sessions.create(session);
    parts.ledger.close();
    const calls = [
      parts.sessions.findBySid(session.sid),
      parts.sessions.findByTokenHash([session.tokenHash]),
      parts.sessions.listLive('ada', after(1)),
      parts.sessions.change(session.sid, 1, { acr: 'mfa' }),
      parts.sessions.revoke(session.sid, 'ada', 'signed-out', after(1)),
      parts.sessions.revokeAll('ada', 'signed-out-everywhere', after(1)),
    ];
    for (const call of await Promise.allSettled(calls))
      expect(call).toMatchObject({ status: 'rejected', reason: { code: 'SP_STORE_UNAVAILABLE' } });
  });
});

describe.skipIf(!hasRedisServer)('a Redis from yesterday [redis]', () => {
  it('brings no ended session back to life, however it ended', async () => {
    const server = await startRedisServer();
    closing.push(() => server.stop());
    const parts = await openParts(server.url);
    const [live, one, all] = [
      makeSessionRecord({ subject: 'eve' }),
      makeSessionRecord(),
      makeSessionRecord({ subject: 'bob' }),
    ];
    for (const session of [live, one, all]) await parts.sessions.create(session);
    await server.cli('SAVE');
    await parts.sessions.revoke(one.sid, 'ada', 'signed-out', after(5));
    await parts.sessions.revokeAll('bob', 'password-changed', after(5));
    await server.kill();
    await server.start();
    await expectRecovery(parts);

    expect(await server.cli('HEXISTS', `${parts.redis.prefix}s:${one.sid}`, 'r')).toBe('0');
    expect(await parts.sessions.findByTokenHash([one.tokenHash])).toMatchObject({ revokedBecause: 'signed-out' });
    expect(await parts.sessions.findBySid(all.sid)).toMatchObject({ revokedBecause: 'password-changed' });
    expect(await parts.sessions.listLive('bob', after(6))).toEqual([]);
    expect(await parts.sessions.change(all.sid, 1, { acr: 'mfa' })).toEqual({ kind: 'revoked' });
    expect(await parts.sessions.findBySid(live.sid)).toEqual(live);
    // Its tombstone is written again, so that the ledger is not needed the next time.
    expect(await server.cli('HEXISTS', `${parts.redis.prefix}s:${one.sid}`, 'r')).toBe('1');
  });

  it('shows a reader of its file no token, a person, an address or a browser', async () => {
    const server = await startRedisServer({ arguments: ['--appendonly', 'yes'] });
    closing.push(() => server.stop());
    const { sessions, redis } = await openParts(server.url);
    const device = { label: 'canary-label', userAgent: 'canary-agent', address: 'canary-address' };
    const session = makeSessionRecord({ subject: 'canary-subject', org: 'canary-org', actor: 'canary-actor', device });
    await sessions.create(session);
    await sessions.change(session.sid, 1, { amr: ['canary-method'] });
    await sessions.revokeAll('canary-subject', 'banned', after(5));
    const bus = openBus(redis);
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
    await bus.publish({ kind: 'user', id: 'canary-subject', minGeneration: 2, at: after(1), reason: 'banned' });
    await server.cli('CONFIG', 'SET', 'rdbcompression', 'no');
    await server.cli('SAVE');
    const aof = readdirSync(`${server.folder}/appendonlydir`).map((name) => `appendonlydir/${name}`);
    for (const file of ['dump.rdb', ...aof]) {
      expect(readFileSync(`${server.folder}/${file}`, 'latin1')).not.toContain('canary');
    }
    expect(readFileSync(`${server.folder}/dump.rdb`, 'latin1')).toContain(session.sid);
  });
});

function openBus(redis: Redis): RedisBus {
  const bus = createRedisBus({ redis, sealer: testSealer('invalidation-bus'), heartbeatMilliseconds: 200 });
  closing.push(() => bus.close());
  return bus;
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack} ${JSON.stringify(error)} ${describeError(error.cause)}`;
}
