import type { Redis } from './open-redis.ts';

/** What an operator has to know about a Redis. What this user may not ask is `undefined`. */
export interface RedisCondition {
  readonly time: Date | undefined;
  /** What a full Redis throws away. */
  readonly evictionPolicy: string | undefined;
  /** Whether every write goes to a file that a restart reads. */
  readonly isAppendOnly: boolean | undefined;
  /** Whether the last write to such a file, or the last snapshot, failed. */
  readonly isSavingBroken: boolean | undefined;
}

/** Asks a Redis how it is set up. Rejects with `SP_STORE_UNAVAILABLE` when it does not answer at all. */
export async function readRedisCondition(redis: Redis): Promise<RedisCondition> {
  const key = `${redis.prefix}probe`;
  await redis.command(key, ['GET', key]);
  const ask = (args: readonly string[]): Promise<unknown> => redis.command(key, args).catch(() => undefined);
  const [time, info] = [await ask(['TIME']), await ask(['INFO'])];
  const fact = (name: string): string | undefined =>
    typeof info === 'string' ? new RegExp(`^${name}:([\\w-]+)\\r?$`, 'm').exec(info)?.[1] : undefined;
  const appending = fact('aof_enabled');
  const outcomes = [fact('aof_last_write_status'), fact('rdb_last_bgsave_status')];
  return {
    time: toTime(time),
    evictionPolicy: fact('maxmemory_policy'),
    isAppendOnly: appending === undefined ? undefined : appending === '1',
    isSavingBroken: outcomes.every((outcome) => outcome === undefined) ? undefined : outcomes.includes('err'),
  };
}

function toTime(reply: unknown): Date | undefined {
  const [seconds, microseconds] = Array.isArray(reply) ? reply.map(Number) : [];
  return seconds === undefined || microseconds === undefined
    ? undefined
    : new Date(seconds * 1000 + Math.floor(microseconds / 1000));
}
