import { setTimeout as delay } from 'node:timers/promises';
import { countersContract, startStoreProcess } from '@sallyport/testing/contracts';
import { describe, expect, it } from 'vitest';
import { openRedis } from './open-redis.ts';
import { createRedisCounters } from './redis-counters.ts';
import { patientTimeouts } from './redis-session-subject.test-support.ts';
import { randomPrefix, testRedisUrl } from './test-redis.test-support.ts';

describe.skipIf(testRedisUrl === undefined)('the counters [redis]', () => {
  const url = testRedisUrl ?? '';

  countersContract({
    name: 'keys on Redis',
    open: async () => {
      const redis = openRedis({ url, prefix: randomPrefix(), ...patientTimeouts });
      await redis.ready(10_000);
      return {
        counters: createRedisCounters({ redis }),
        // Windows run on the clock of Redis; a little more, because a timer here may be early there.
        pass: (seconds) => delay(seconds * 1000 + 5),
        close: () => redis.close(),
      };
    },
  });

  it('give every one of several processes a number of its own', async () => {
    const how = {
      module: new URL('redis-counters-subject.test-support.ts', import.meta.url).href,
      argument: JSON.stringify({ url, prefix: randomPrefix() }),
    };
    const processes = await Promise.all([1, 2, 3].map(() => startStoreProcess(how)));
    try {
      await Promise.all(processes.map((one) => one.open()));
      const counts = await Promise.all(
        processes.flatMap((one) => Array.from({ length: 40 }, () => one.call('increment', 'contended', 60))),
      );
      expect(new Set(counts).size).toBe(120);
      expect(Math.max(...counts.map(Number))).toBe(120);
    } finally {
      await Promise.all(processes.map((one) => one.kill()));
    }
  });

  it('count nothing, and say so, when Redis is gone', async () => {
    const redis = openRedis({ url, prefix: randomPrefix() });
    const counters = createRedisCounters({ redis });
    await redis.ready(10_000);
    redis.close();
    for (const call of [counters.increment('a', 10), counters.read('a'), counters.reset('a')])
      await expect(call).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE', retryAfterSeconds: 1 });
  });

  it.each([0, -1, Number.NaN])('refuse a window of %d seconds, which would count nothing', async (seconds) => {
    const redis = openRedis({ url, prefix: randomPrefix() });
    await expect(createRedisCounters({ redis }).increment('a', seconds)).rejects.toThrow(TypeError);
    redis.close();
  });
});
