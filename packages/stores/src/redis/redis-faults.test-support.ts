import type { DatabaseSync } from 'node:sqlite';
import type { SessionStore } from '@sallyport/core';
import { after, makeSessionRecord, sessionStart } from '@sallyport/testing/contracts';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { expect, vi } from 'vitest';
import { openEmbeddedDatabase } from '../embedded/embedded-database.ts';
import { endedSessionTable } from '../records/ended-session-table.ts';
import { openRedis, type OpenRedisOptions, type Redis } from './open-redis.ts';
import { createRedisBus, type RedisBus } from './redis-bus.ts';
import { createRedisCounters } from './redis-counters.ts';
import { testSealer } from './redis-session-subject.test-support.ts';
import { createRedisSessionStore } from './redis-session-store.ts';
import { randomPrefix } from './test-redis.test-support.ts';

export const unavailable = { code: 'SP_STORE_UNAVAILABLE', status: 503, retryAfterSeconds: 1 };
export const patience = { timeout: 15_000, interval: 10 };

/** What gateway and identity use of a Redis, and the ledger beside it. */
export interface Parts {
  readonly redis: Redis;
  readonly sessions: SessionStore;
  readonly ledger: DatabaseSync;
}

const closing: (() => unknown)[] = [];

/** Closes this after the test, before what was opened sooner. */
export function closeAfterwards(close: () => unknown): void {
  closing.push(close);
}

/** For `afterEach`. */
export async function closeOpened(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

/** Opens the parts on a Redis. */
export async function openParts(url: string, options: Partial<OpenRedisOptions> = {}): Promise<Parts> {
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

export async function expectAllUnavailable(parts: Parts, sid: string): Promise<void> {
  for (const call of await Promise.allSettled(everyCall(parts, sid)))
    expect(call).toMatchObject({ status: 'rejected', reason: unavailable });
}

export async function expectRecovery({ sessions }: Parts): Promise<void> {
  await vi.waitFor(() => sessions.create(makeSessionRecord()), patience);
}

/** A bus that notices an outage soon. */
export function openBus(redis: Redis): RedisBus {
  const bus = createRedisBus({ redis, sealer: testSealer('invalidation-bus'), heartbeatMilliseconds: 200 });
  closing.push(() => bus.close());
  return bus;
}
