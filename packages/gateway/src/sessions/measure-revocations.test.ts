import type { Meter } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

/** Keeps what it is told. */
function createRecordingMeter() {
  const counts = new Map<string, number>();
  const observed = new Map<string, number[]>();
  const gauges = new Map<string, () => number>();
  const meter: Meter = {
    counter: ({ name }) => ({
      of: (...labels) => {
        const key = [name, ...labels].join(' ');
        return { add: (amount = 1) => void counts.set(key, (counts.get(key) ?? 0) + amount) };
      },
    }),
    histogram: ({ name }) => ({
      of: () => ({ observe: (value) => void observed.set(name, [...(observed.get(name) ?? []), value]) }),
    }),
    gauge: ({ name }, read) => void gauges.set(name, read),
  };
  return { meter, counts, observed, read: (name: string) => gauges.get(name)?.() };
}

describe('what a gateway says of revocations', () => {
  let gateway: TestGateway;
  let seen: ReturnType<typeof createRecordingMeter>;
  let time: number;
  beforeEach(async () => {
    seen = createRecordingMeter();
    time = Date.now();
    const sessionCache = { maxAgeSeconds: 45 };
    gateway = await startTestGateway({ meter: seen.meter, sessionCache, now: () => new Date(time) });
  });
  afterEach(() => gateway.close());

  it('is how long they were on their way, and never less than nothing when clocks differ', async () => {
    const event = { kind: 'session', id: 's', minGeneration: 2, reason: 'signed-out' } as const;
    await gateway.bus.publish({ ...event, at: new Date(time - 250) });
    await gateway.bus.publish({ ...event, at: new Date(time + 9000) });
    expect(seen.observed.get('sallyport_revocation_propagation_seconds')).toEqual([0.25, 0]);
    gateway.bus.gap();
    expect(seen.counts.get('sallyport_revocation_gaps_total')).toBe(1);
  });

  it('is both bounds of a revocation, and whether the bus is heard', () => {
    expect(seen.read('sallyport_revocation_loss_bound_seconds')).toBe(45);
    expect(seen.read('sallyport_revocation_outage_bound_seconds')).toBe(2.5);
    expect(seen.read('sallyport_bus_connected')).toBe(1);
    gateway.bus.connected = false;
    expect(seen.read('sallyport_bus_connected')).toBe(0);
    expect(seen.read('sallyport_revocation_subscribers')).toBe(0);
  });

  it('is what its caches hold and how often they answered', async () => {
    const token = gateway.sessions.add();
    for (let times = 0; times < 3; times += 1) await gateway.send('GET', '/api/x', cookie(token));
    expect(Object.fromEntries([...seen.counts].filter(([name]) => !name.startsWith('sallyport_gateway_')))).toEqual({
      'sallyport_session_lookups_total memory': 2,
      'sallyport_session_lookups_total store': 1,
      'sallyport_token_uses_total memory': 2,
      'sallyport_token_uses_total signature': 1,
    });
    expect(seen.read('sallyport_session_cache_entries')).toBe(1);
    expect(seen.read('sallyport_token_cache_entries')).toBe(1);
    await gateway.bus.revoke('session', gateway.sessions.sidOf(token));
    expect(seen.read('sallyport_session_cache_entries')).toBe(0);
  });
});
