import type { Counters } from '@sallyport/core';
import { openRedis } from './open-redis.ts';
import { createRedisCounters } from './redis-counters.ts';
import { patientTimeouts } from './redis-session-subject.test-support.ts';

/** Opens counters, for a process that a test started. */
export async function openSubject(argument: string): Promise<Counters> {
  const { url, prefix } = JSON.parse(argument) as { url: string; prefix: string }; // Written by the test.
  const redis = openRedis({ url, prefix, ...patientTimeouts });
  await redis.ready(10_000);
  return createRedisCounters({ redis });
}
