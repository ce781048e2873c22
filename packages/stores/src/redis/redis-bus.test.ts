import { busContract, startStoreProcess } from '@sallyport/testing/contracts';
import type { BusMessage } from '@sallyport/core';
import { createClient } from 'redis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openRedis } from './open-redis.ts';
import { createRedisBus, type RedisBus } from './redis-bus.ts';
import { patientTimeouts, testSealer } from './redis-session-subject.test-support.ts';
import { randomPrefix, testRedisUrl } from './test-redis.test-support.ts';

const event = { kind: 'session', id: 'sid-1', minGeneration: 2, at: new Date(1000), reason: 'signed-out' } as const;

describe.skipIf(testRedisUrl === undefined)('the invalidation bus [redis]', () => {
  const url = testRedisUrl ?? '';
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  const openBus = async (prefix: string): Promise<{ bus: RedisBus; received: BusMessage[] }> => {
    const redis = openRedis({ url, prefix, ...patientTimeouts });
    const bus = createRedisBus({ redis, sealer: testSealer('invalidation-bus') });
    closing.push(() => {
      bus.close();
      redis.close();
    });
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), { timeout: 10_000, interval: 5 });
    const received: BusMessage[] = [];
    bus.subscribe((message) => received.push(message));
    return { bus, received };
  };

  /** A connection past the bus: what an operator, an intruder or an accident does. */
  const openClient = async () => {
    const client = createClient({ url });
    client.on('error', () => {});
    await client.connect();
    closing.push(() => client.destroy());
    return client;
  };

  busContract({
    name: 'messages on Redis',
    open: async () => {
      const { bus } = await openBus(randomPrefix());
      return { bus, close: () => {} };
    },
  });

  it('is delivered in other processes', async () => {
    const argument = JSON.stringify({ url, prefix: randomPrefix() });
    const module = new URL('redis-bus-subject.test-support.ts', import.meta.url).href;
    const [near, far] = await Promise.all([1, 2].map(() => startStoreProcess({ module, argument })));
    closing.push(
      () => void near?.kill(),
      () => void far?.kill(),
    );
    await Promise.all([near?.open(), far?.open()]);
    const ids = Array.from({ length: 50 }, (_, index) => `sid-${index}`);
    await Promise.all(ids.map(async (id) => near?.call('publish', { ...event, id })));
    const isHeard = async (): Promise<unknown> => {
      const received = (await far?.call('received')) as readonly { id: string }[];
      return received.map(({ id }) => id);
    };
    await vi.waitFor(async () => expect(await isHeard()).toEqual(ids), { timeout: 10_000 });
  });

  it('calls a number that is missing a gap, and goes on', async () => {
    const prefix = randomPrefix();
    const { bus, received } = await openBus(prefix);
    await bus.publish(event);
    await (await openClient()).incr(`${prefix}b:seq`);
    await bus.publish({ ...event, id: 'sid-2' });
    expect(received.map(({ kind }) => kind)).toEqual(['revocation', 'gap', 'revocation']);
  });

  it.each([
    { name: 'a message that was lost on the way', damage: (key: string) => ['INCR', key] },
    { name: 'a Redis that was emptied and counts anew', damage: (key: string) => ['DEL', key] },
  ])('notices $name without any other message', async ({ damage }) => {
    const prefix = randomPrefix();
    const { bus, received } = await openBus(prefix);
    await bus.publish(event);
    await (await openClient()).sendCommand(damage(`${prefix}b:seq`));
    await vi.waitFor(() => expect(received.at(-1)).toEqual({ kind: 'gap' }), { timeout: 10_000 });
    await bus.publish({ ...event, id: 'sid-2' });
    expect(received.at(-1)).toMatchObject({ kind: 'revocation', event: { id: 'sid-2' } });
    expect(bus.isConnected()).toBe(true);
  });

  it('is not connected after its connection was cut, tells of a gap, and comes back by itself', async () => {
    const { bus, received } = await openBus(randomPrefix());
    await (await openClient()).sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    await vi.waitFor(() => expect(received).toContainEqual({ kind: 'gap' }), { timeout: 10_000, interval: 1 });
    await vi.waitFor(() => expect(bus.isConnected()).toBe(true), { timeout: 10_000 });
    await bus.publish(event);
    expect(received.at(-1)).toMatchObject({ kind: 'revocation' });
  });

  it('rejects what Redis did not accept, lets this process hear it, and tells all of a gap later', async () => {
    const prefix = randomPrefix();
    const [here, there] = [await openBus(prefix), await openBus(prefix)];
    const client = await openClient();
    await client.sendCommand(['SET', `${prefix}b:seq`, 'not a number']);
    await expect(here.bus.publish(event)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    expect(here.bus.isConnected()).toBe(false);
    expect(here.received).toMatchObject([{ kind: 'revocation', event: { id: 'sid-1', seq: 0 } }]);
    const before = there.received.length;
    await client.sendCommand(['DEL', `${prefix}b:seq`]);
    await vi.waitFor(() => expect(there.received.slice(before)).toContainEqual({ kind: 'gap' }), { timeout: 10_000 });
    await vi.waitFor(() => expect(here.bus.isConnected()).toBe(true), { timeout: 10_000 });
  });

  it('takes a message that it cannot read for a gap, and accepts nothing from a publisher without the secret', async () => {
    const prefix = randomPrefix();
    const { bus, received } = await openBus(prefix);
    const client = await openClient();
    const forged = JSON.stringify({ kind: 'revocation', event });
    await client.publish(`${prefix}b:events`, `1 ${Buffer.from(forged).toString('base64url')}`);
    await client.publish(`${prefix}b:events`, 'noise');
    await vi.waitFor(() => expect(received).toEqual([{ kind: 'gap' }]), { timeout: 10_000 });
    await bus.publish(event);
    expect(received.filter(({ kind }) => kind === 'revocation')).toHaveLength(1);
  });

  it('puts nothing that says who it is about on the wire', async () => {
    const prefix = randomPrefix();
    const { bus } = await openBus(prefix);
    const [client, messages] = [await openClient(), [] as string[]];
    await client.subscribe(`${prefix}b:events`, (message) => messages.push(message));
    await bus.publish({ ...event, kind: 'user', id: 'ada' });
    await vi.waitFor(() => expect(messages).toHaveLength(1), { timeout: 10_000 });
    expect(messages[0]).not.toMatch(/ada|signed-out/);
  });

  it('keeps deployments with different prefixes apart', async () => {
    const [one, other] = [await openBus(randomPrefix()), await openBus(randomPrefix())];
    await one.bus.publish(event);
    await other.bus.publish({ ...event, id: 'sid-2' });
    expect(other.received).toMatchObject([{ event: { id: 'sid-2' } }]);
  });
});
