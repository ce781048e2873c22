import { after, makeSessionRecord, sessionStart } from '@sallyport/testing/contracts';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedDatabase } from '../embedded/embedded-database.ts';
import { endedSessionTable } from '../records/ended-session-table.ts';
import { createSealer } from '../sealing/sealer.ts';
import { openRedis, type Redis } from './open-redis.ts';
import { patientTimeouts } from './redis-session-subject.test-support.ts';
import { createRedisSessionStore } from './redis-session-store.ts';
import { randomPrefix, testRedisUrl } from './test-redis.test-support.ts';

const first = { version: 1, value: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA' };
const second = { version: 2, value: 'Zp1Bn6Yc3Hd5Jf0GsAkL9x2Qm7Vw4Rt8' };

describe.skipIf(testRedisUrl === undefined)('sealed sessions and a new root secret [redis]', () => {
  let redis: Redis;
  beforeEach(async () => {
    redis = openRedis({ url: testRedisUrl ?? '', prefix: randomPrefix(), ...patientTimeouts });
    await redis.ready(10_000);
  });
  afterEach(() => redis.close());

  const ledger = () => createSqliteRecords(openEmbeddedDatabase({ file: ':memory:' }), [endedSessionTable]);
  const open = (records: ReturnType<typeof ledger>, ...versions: Parameters<typeof createSealer>[0]) => {
    const sealer = createSealer(versions)('session-record');
    return createRedisSessionStore({ redis, records, sealer, now: () => sessionStart });
  };

  it('end no session, and every session of a user is still found and ended', async () => {
    const records = ledger();
    const [old, young] = [makeSessionRecord(), makeSessionRecord({ lastActiveAt: after(1) })];
    await open(records, first).create(old);
    const store = open(records, second, first);
    await store.create(young);
    expect(await store.findByTokenHash([old.tokenHash])).toEqual(old);
    expect(await store.listLive('ada', after(2))).toEqual([young, old]);
    expect(await store.change(old.sid, 1, { acr: 'mfa' })).toMatchObject({ kind: 'written' });
    expect(await store.revokeAll('ada', 'banned', after(5))).toHaveLength(2);
  });

  it('that knows the old one no more opens nothing, and a user signs out everywhere all the same', async () => {
    const records = ledger();
    const [lost, young] = [makeSessionRecord(), makeSessionRecord()];
    await open(records, first).create(lost);
    await open(records, second).create(young);
    const store = open(records, second);
    await expect(store.findBySid(lost.sid)).rejects.toThrow(TypeError);
    // As if both were in one index: what cannot be read does not keep the rest alive.
    for (const { sid } of [lost, young])
      for (const key of (await redis.command('a', ['KEYS', `${redis.prefix}u:*`])) as readonly string[])
        await redis.command(key, ['ZADD', key, String(after(3600).getTime()), sid]);
    expect(await store.listLive('ada', after(2))).toEqual([young]);
    expect([...(await store.revokeAll('ada', 'banned', after(5)))].sort()).toEqual([lost.sid, young.sid].sort());
  });

  it('leaves a record alone that was moved to another session', async () => {
    const records = ledger();
    const store = open(records, first);
    const [mine, theirs] = [makeSessionRecord(), makeSessionRecord({ subject: 'eve' })];
    await store.create(mine);
    await store.create(theirs);
    const key = (sid: string): string => `${redis.prefix}s:${sid}`;
    const sealed = String(await redis.command(key(mine.sid), ['HGET', key(mine.sid), 'd']));
    await redis.command(key(theirs.sid), ['HSET', key(theirs.sid), 'd', sealed]);
    await expect(store.findByTokenHash([theirs.tokenHash])).rejects.toThrow(TypeError);
  });

  it('that is right does not make a longer life that was written into Redis true', async () => {
    const records = ledger();
    const store = open(records, first);
    const session = makeSessionRecord();
    await store.create(session);
    const key = `${redis.prefix}s:${session.sid}`;
    await redis.command(key, ['HSET', key, 'x', String(after(1e9).getTime())]);
    expect(await store.findBySid(session.sid)).toEqual(session);
  });
});
