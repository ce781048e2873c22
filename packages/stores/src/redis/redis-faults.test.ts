import { after, makeSessionRecord } from '@sallyport/testing/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRedisCounters } from './redis-counters.ts';
import {
  closeOpened,
  expectAllUnavailable,
  expectRecovery,
  openBus,
  openParts,
  patience,
  unavailable,
  type Parts,
} from './redis-faults.test-support.ts';
import { hasRedisServer, startRedisServer, type RedisServer } from './redis-server.test-support.ts';

afterEach(closeOpened);

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
