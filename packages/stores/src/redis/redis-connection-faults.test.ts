import { silentLogger, type Logger, type SallyportError } from '@sallyport/core';
import { makeSessionRecord } from '@sallyport/testing/contracts';
import { startChaosProxy, type ChaosBehaviour, type ChaosProxy } from '@sallyport/testing/faults';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openRedis } from './open-redis.ts';
import {
  closeAfterwards,
  closeOpened,
  expectAllUnavailable,
  expectRecovery,
  openBus,
  openParts,
  patience,
} from './redis-faults.test-support.ts';
import { hasRedisServer, startRedisServer, type RedisServer } from './redis-server.test-support.ts';

afterEach(closeOpened);

describe.skipIf(!hasRedisServer)('the way to Redis [redis]', () => {
  let server: RedisServer;
  let proxy: ChaosProxy;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  beforeEach(async () => {
    proxy = await startChaosProxy({ targetPort: server.port });
    closeAfterwards(() => proxy.close());
  });
  afterAll(() => server.stop());

  const url = (): string => `redis://127.0.0.1:${proxy.port}`;

  it.each<ChaosBehaviour>([
    { kind: 'refuse' },
    { kind: 'blackhole' },
    { kind: 'latency', milliseconds: 1500 },
    { kind: 'cut', afterBytes: 2 },
  ])('makes every call an outage while it is broken ($kind), and recovers by itself', async (behaviour) => {
    const parts = await openParts(url());
    const { sid } = makeSessionRecord();
    await parts.sessions.create(makeSessionRecord({ sid }));
    await proxy.behave(behaviour);
    await expectAllUnavailable(parts, sid);
    // By now the connection is known to be lost: nothing waits for it any more.
    await expectAllUnavailable(parts, sid);
    await proxy.behave({ kind: 'pass' });
    await expectRecovery(parts);
    expect(await parts.sessions.findBySid(sid)).not.toBeNull();
  });

  it('does no harm when it is only slow', async () => {
    const { sessions } = await openParts(url());
    await proxy.behave({ kind: 'latency', milliseconds: 40 });
    const session = makeSessionRecord();
    await sessions.create(session);
    expect(await sessions.findBySid(session.sid)).toEqual(session);
  });

  it('is opened anew after a reset', async () => {
    const parts = await openParts(url());
    proxy.reset();
    await expectRecovery(parts);
    expect(proxy.connections).toBe(1);
  });

  it('holds a bounded number of calls while nothing is answered, and refuses the others at once', async () => {
    const { redis } = await openParts(url(), { maximumInFlight: 50 });
    await proxy.behave({ kind: 'blackhole' });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5000 }, () => redis.command('k', ['GET', `${redis.prefix}k`])),
    );
    const reasons = outcomes.map(
      (outcome) => outcome.status === 'rejected' && (outcome.reason as SallyportError).reason,
    );
    expect(reasons.filter((reason) => reason === 'redis-busy')).toHaveLength(4950);
    expect(new Set(reasons)).toEqual(new Set(['redis-busy', 'redis-timeout', 'redis-disconnected']));
  });

  it('that is half open does not keep the bus from noticing', async () => {
    const { redis } = await openParts(url());
    const bus = openBus(redis);
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
    const received: string[] = [];
    bus.subscribe(({ kind }) => received.push(kind));
    await proxy.behave({ kind: 'blackhole' });
    await vi.waitFor(() => expect(bus.isConnected()).toBe(false), patience);
    await vi.waitFor(() => expect(received).toContain('gap'), patience);
    await proxy.behave({ kind: 'pass' });
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), patience);
  });

  it('is spoken of in the log without the password, and at most once while it is broken', async () => {
    const lines: string[] = [];
    const log: Logger['warn'] = (message, fields) => void lines.push(JSON.stringify({ message, ...fields }));
    const logger: Logger = { ...silentLogger, info: log, warn: log, error: log };
    await proxy.behave({ kind: 'refuse' });
    const redis = openRedis({ url: `redis://u:canary@127.0.0.1:${proxy.port}`, logger });
    closeAfterwards(() => redis.close());
    const failure: unknown = await redis.ready(1500).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    expect(lines).toEqual([
      '{"message":"redis is not connected","event":"redis-disconnected","purpose":"commands","cause":"ECONNREFUSED"}',
    ]);
    expect(JSON.stringify([lines, describeError(failure)])).not.toMatch(/canary|127\.0\.0\.1/);
  });
});

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack} ${JSON.stringify(error)} ${describeError(error.cause)}`;
}
