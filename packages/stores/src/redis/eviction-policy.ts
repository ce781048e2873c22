import type { Redis } from './open-redis.ts';

/**
 * Reads what a full Redis throws away; `undefined` when this user may not ask. Everything but `noeviction` can sign people
 * out at any time.
 */
export async function readEvictionPolicy(redis: Redis): Promise<string | undefined> {
  try {
    const info = await redis.command(`${redis.prefix}probe`, ['INFO', 'memory']);
    return /^maxmemory_policy:([a-z-]+)\r?$/m.exec(String(info))?.[1];
  } catch {
    return undefined;
  }
}
