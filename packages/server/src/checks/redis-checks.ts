import type { DoctorCheck } from '@sallyport/core';
import { readRedisCondition, type Redis, type RedisCondition } from '@sallyport/stores';
import { examineClock } from './examine-clock.ts';

/** A Redis as it said that it is. */
export interface RedisContext {
  readonly condition: RedisCondition;
  /** When it was asked, and when it had answered. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

export type RedisCheck = DoctorCheck<RedisContext>;

/** Asks a Redis that answers how it is set up. Rejects with `SP_STORE_UNAVAILABLE`. */
export async function readRedisContext(redis: Redis): Promise<RedisContext> {
  const askedAt = Date.now();
  const condition = await readRedisCondition(redis);
  return { condition, askedAt, answeredAt: Date.now() };
}

const checkRedisClock: RedisCheck = {
  name: 'clock of Redis',
  run: ({ condition: { time }, ...asked }) => (time === undefined ? [] : [examineClock('Redis', { time, ...asked })]),
};

const checkRedisRights: RedisCheck = {
  name: 'Redis',
  run: ({ condition: { time, evictionPolicy } }) =>
    time !== undefined && evictionPolicy !== undefined
      ? []
      : [
          {
            kind: 'ok',
            finding: 'this user may not ask how it is set up',
            hint: 'Allow it +info and +time, or see docs/operations/redis.md for how Redis should be.',
          },
        ],
};

/**
 * What a full Redis does. A warning, and no failure: eviction revives no session, because the ledger of those that ended is
 * in the database, and gateways notice that the bus counts anew. It signs users out and forgets failed guesses. To refuse
 * the start would make an outage of what may never happen, and the policy can change while gateways run.
 */
const checkRedisEviction: RedisCheck = {
  name: 'Redis when full',
  run: ({ condition: { evictionPolicy } }) => {
    if (evictionPolicy === undefined) return [];
    if (evictionPolicy === 'noeviction') return [{ kind: 'ok', finding: 'it refuses writes, and throws nothing away' }];
    return [
      {
        kind: 'warning',
        finding: `it throws sessions and counts of failed guesses away (${evictionPolicy})`,
        hint: 'Set maxmemory-policy to noeviction.',
      },
    ];
  },
};

/** What a restart of Redis leaves. */
const checkRedisDisk: RedisCheck = {
  name: 'Redis on disk',
  run: ({ condition: { isSavingBroken, isAppendOnly } }) => {
    if (isSavingBroken === true)
      return [
        {
          kind: 'warning',
          finding: 'its last write to the disk failed, and it may refuse to write',
          hint: 'Look into its log, and whether its disk is full.',
        },
      ];
    if (isAppendOnly === undefined) return [];
    if (isAppendOnly) return [{ kind: 'ok', finding: 'every write goes to its append-only file' }];
    return [
      {
        kind: 'ok',
        finding: 'it keeps no append-only file: a restart ends every session that began after its last snapshot',
        hint: 'Set appendonly yes and appendfsync everysec.',
      },
    ];
  },
};

/** How a Redis that answers must be. One that does not answer is waited for, and refused afterwards. */
export const redisChecks: readonly RedisCheck[] = [
  checkRedisClock,
  checkRedisRights,
  checkRedisEviction,
  checkRedisDisk,
];
