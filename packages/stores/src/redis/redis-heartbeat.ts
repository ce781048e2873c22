import type { SecondHeartbeat } from '../records/restore-watch.ts';
import type { Redis } from './open-redis.ts';

/** Keeps the time at which a gateway ran last. Rejects with `SP_STORE_UNAVAILABLE`. */
export function createRedisHeartbeat(redis: Redis): SecondHeartbeat {
  const key = `${redis.prefix}heartbeat`;
  return {
    read: async () => {
      const text = await redis.command(key, ['GET', key]);
      return typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
    },
    write: async (at) => {
      await redis.command(key, ['SET', key, String(at)]);
    },
  };
}
