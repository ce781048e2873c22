import { silentLogger, type BusMessage, type Logger } from '@sallyport/core';
import { busContract } from '@sallyport/testing/contracts';
import { describe, expect, it, vi } from 'vitest';
import { createInProcessBus } from './in-process-bus.ts';

describe('the invalidation bus [in-process]', () => {
  busContract({ name: 'in process', open: async () => ({ bus: createInProcessBus(), close: () => {} }) });
});

const event = { kind: 'user', id: 'ada', minGeneration: 3, at: new Date(0), reason: 'banned' } as const;

it('the in-process bus is always connected', () => {
  expect(createInProcessBus().isConnected()).toBe(true);
});

it('the in-process bus announces a gap on request', () => {
  const bus = createInProcessBus();
  const listener = vi.fn<(message: BusMessage) => void>();
  bus.subscribe(listener);
  bus.announceGap();
  expect(listener).toHaveBeenCalledExactlyOnceWith({ kind: 'gap' });
});

it('the in-process bus has delivered to every listener before publish returns its promise', () => {
  const bus = createInProcessBus();
  const listener = vi.fn<(message: BusMessage) => void>();
  bus.subscribe(listener);
  void bus.publish(event);
  expect(listener).toHaveBeenCalledTimes(1);
});

it('the in-process bus logs a listener that failed, without what it threw', async () => {
  const error = vi.fn<Logger['error']>();
  const bus = createInProcessBus({ logger: { ...silentLogger, error } });
  bus.subscribe(() => {
    throw new RangeError('token abc');
  });
  await bus.publish(event);
  expect(error).toHaveBeenCalledTimes(2);
  expect(error.mock.calls[0]?.[1]).toEqual({
    event: 'revocation-listener-failed',
    seq: 1,
    kind: 'user',
    id: 'ada',
    error: 'RangeError',
  });
  expect(JSON.stringify(error.mock.calls)).not.toContain('abc');
});
