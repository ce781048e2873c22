import { createLeastRecentlyUsed, silentLogger, type Counters } from '@sallyport/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createCounterSync } from './counter-sync.ts';
import { createRequestLimiter } from './request-limiter.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('a sum that comes when its window is over does not count in the next one', async () => {
  const answer = Promise.withResolvers<number>();
  const counters: Counters = {
    increment: () => answer.promise,
    decrement: async () => {},
    read: async () => ({ count: 0, remainingSeconds: 0 }),
    reset: async () => {},
  };
  const sync = createCounterSync({ counters, hash: (text) => text, logger: silentLogger });
  const limit = { name: 'api-address', max: 8, seconds: 60 };
  const limiter = createRequestLimiter({
    limit,
    buckets: createLeastRecentlyUsed(10),
    share: sync.of(limit.name, limit.seconds),
    onRefusal: () => {},
  });
  for (let count = 0; count < 8; count++) limiter.take('a', start);
  await vi.advanceTimersByTimeAsync(1000);
  const inNextWindow = start + 90_000;
  limiter.take('a', inNextWindow);
  expect(limiter.look('a', inNextWindow).left).toBe(3);
  // Other gateways counted four more, in the window before.
  answer.resolve(12);
  await vi.advanceTimersByTimeAsync(500);
  expect(limiter.look('a', inNextWindow).left).toBe(3);
  sync.close();
});
