import type { Counters } from '@sallyport/core';
import type { Redis } from './open-redis.ts';
import { toRedisError } from './redis-fault.ts';
import { toList } from './redis-reply.ts';
import { defineScript } from './redis-script.ts';

export interface RedisCountersOptions {
  readonly redis: Redis;
}

/** The key lives as long as the window, which begins with the first. */
const incrementScript = defineScript(`
local count = redis.call('INCRBY', KEYS[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
`);

/** A window that is open stays as long as it is. */
const decrementScript = defineScript(`
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
if count > 0 then redis.call('DECR', KEYS[1]) end
return count
`);

const readScript = defineScript(`
return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])}
`);

/**
 * Builds counters that all processes on one Redis share. Windows run on the clock of Redis.
 *
 * Every method rejects with `SP_STORE_UNAVAILABLE` when Redis does not do its work: a limit that cannot be counted must
 * not be taken for one that is not reached.
 */
export function createRedisCounters({ redis }: RedisCountersOptions): Counters {
  const keyOf = (key: string): string => `${redis.prefix}c:${key}`;

  return {
    increment: async (key, windowSeconds, amount = 1) => {
      if (!(windowSeconds > 0)) throw new TypeError('a window must last longer than nothing');
      if (!Number.isSafeInteger(amount) || amount < 1) throw new TypeError('what is added must be a positive number');
      const milliseconds = String(Math.ceil(windowSeconds * 1000));
      const count = await redis.script(incrementScript, keyOf(key), [milliseconds, String(amount)]);
      return toNumber(count);
    },
    decrement: async (key) => {
      await redis.script(decrementScript, keyOf(key), []);
    },
    read: async (key) => {
      const reply = await redis.script(readScript, keyOf(key), []);
      const [count, milliseconds] = toList(reply);
      if (typeof count !== 'string') return { count: 0, remainingSeconds: 0 };
      return {
        count: toNumber(Number(count)),
        remainingSeconds: Math.max(0, Math.ceil(toNumber(milliseconds) / 1000)),
      };
    },
    reset: async (key) => {
      await redis.command(keyOf(key), ['DEL', keyOf(key)]);
    },
  };
}

function toNumber(reply: unknown): number {
  if (typeof reply === 'number' && Number.isSafeInteger(reply)) return reply;
  throw toRedisError(new TypeError('the reply of Redis is not a number'));
}
