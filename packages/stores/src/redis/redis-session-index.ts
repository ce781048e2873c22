import type { Redis } from './open-redis.ts';
import { toFields } from './redis-reply.ts';
import type { SessionKeys } from './redis-session-keys.ts';
import { deleteExpiredScript } from './redis-session-scripts.ts';

/** How many sessions are read or written at once. */
export const roundSize = 100;

/** The sids of an index, with their absolute expiries in milliseconds since 1970. */
export async function indexed(
  redis: Redis,
  indexes: readonly string[],
  limit?: number,
  except?: string,
): Promise<ReadonlyMap<string, number>> {
  // One more than asked for, because one may be spared.
  const last = limit === undefined ? '-1' : String(limit);
  const replies = await Promise.all(indexes.map((key) => redis.command(key, ['ZRANGE', key, '0', last, 'WITHSCORES'])));
  const expiries = new Map(replies.flatMap((reply) => Object.entries(toFields(reply))));
  if (except !== undefined) expiries.delete(except);
  return new Map([...expiries].slice(0, limit).map(([sid, absolute]) => [sid, Number(absolute)]));
}

export async function removeFromIndex(
  redis: Redis,
  indexes: readonly string[],
  sids: readonly string[],
): Promise<void> {
  await Promise.all(indexes.map((key) => redis.command(key, ['ZREM', key, ...sids])));
}

/** Deletes records whose time is over, round by round, and what an index says of them. Resolves to how many there were. */
export async function deleteExpiredOf(redis: Redis, keys: SessionKeys, index: string, at: Date): Promise<number> {
  const before = String(at.getTime());
  let count = 0;
  for (;;) {
    const range = ['ZRANGEBYSCORE', index, '-inf', before, 'LIMIT', '0', String(roundSize)];
    const sids = await redis.command(index, range);
    if (!Array.isArray(sids) || sids.length === 0) return count;
    const names = sids.map(String);
    const deleted = await Promise.all(
      names.map((sid) => redis.script(deleteExpiredScript, keys.session(sid), [before])),
    );
    count += deleted.filter((reply) => reply === 1).length;
    await redis.command(index, ['ZREM', index, ...names]);
  }
}

/** Divides what is to be read or written into rounds. */
export function* roundsOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += roundSize) yield items.slice(start, start + roundSize);
}
