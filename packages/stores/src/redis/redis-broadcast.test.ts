import { afterEach, describe, expect, it } from 'vitest';
import { openRedis, type Redis } from './open-redis.ts';
import { createRedisBroadcast, type RedisBroadcast } from './redis-broadcast.ts';
import { patientTimeouts, testSealer } from './redis-session-subject.test-support.ts';
import { randomPrefix, testRedisUrl } from './test-redis.test-support.ts';

const patience = { timeout: 20_000, interval: 20 };

describe.skipIf(testRedisUrl === undefined)('a broadcast [redis]', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0).reverse()) close();
  });

  interface Member {
    readonly redis: Redis;
    readonly broadcast: RedisBroadcast;
    readonly heard: string[];
  }

  const join = (prefix: string, purpose = 'test', name = 'news'): Member => {
    const redis = openRedis({ url: testRedisUrl ?? '', prefix, ...patientTimeouts });
    closing.push(() => redis.close());
    const broadcast = createRedisBroadcast({ redis, name, sealer: testSealer(purpose) });
    closing.push(() => broadcast.close());
    const heard: string[] = [];
    broadcast.listen((text) => heard.push(text));
    return { redis, broadcast, heard };
  };

  /** Sends until it is heard: a subscription begins at some time. */
  const reach = async (from: Member, to: Member): Promise<void> => {
    await expect
      .poll(() => {
        from.broadcast.send('are you there?');
        return to.heard.length;
      }, patience)
      .toBeGreaterThan(0);
  };

  it('reaches the other processes, and not its sender', async () => {
    const prefix = randomPrefix();
    const [one, other, third] = [join(prefix), join(prefix), join(prefix)];
    await reach(one, other);
    await reach(one, third);
    one.broadcast.send('news with spaces, and "quotes"');
    for (const { heard } of [other, third])
      await expect.poll(() => heard.at(-1), patience).toBe('news with spaces, and "quotes"');
    expect(one.heard).toEqual([]);
  });

  it('drops what is forged, sealed for another purpose, on another channel, or too long', async () => {
    const prefix = randomPrefix();
    const [one, other] = [join(prefix), join(prefix)];
    const [elsewhere, purpose] = [join(prefix, 'test', 'other'), join(prefix, 'another purpose')];
    await reach(one, other);
    const before = other.heard.length;
    const channel = `${prefix}n:news`;
    for (const forged of ['x', 'x y', '', ' ']) await other.redis.command(channel, ['PUBLISH', channel, forged]);
    elsewhere.broadcast.send('on another channel');
    purpose.broadcast.send('for another purpose');
    one.broadcast.send('a'.repeat(32_769));
    // Messages of one connection arrive in their order, and those of the others were sent before.
    one.broadcast.send('last');
    await expect.poll(() => other.heard.at(-1), patience).toBe('last');
    expect(new Set(other.heard.slice(before))).toEqual(
      new Set(['are you there?', 'last'].filter((text) => other.heard.slice(before).includes(text))),
    );
    expect(elsewhere.heard).toEqual([]);
  });

  it('cannot be read on Redis', async () => {
    const prefix = randomPrefix();
    const [one, other] = [join(prefix), join(prefix)];
    const seen: string[] = [];
    const channel = `${prefix}n:news`;
    const watch = other.redis.listen(channel, {
      onMessage: (message) => seen.push(message),
      onOpen: () => {},
      onLost: () => {},
    });
    closing.push(() => watch.close());
    await expect
      .poll(() => {
        one.broadcast.send('plain words');
        return seen.length;
      }, patience)
      .toBeGreaterThan(0);
    expect(seen.join()).not.toContain('plain words');
  });

  it('never rejects and never waits while Redis is gone, and drops all', async () => {
    const prefix = randomPrefix();
    const one = join(prefix);
    one.redis.close();
    for (let message = 0; message < 1000; message += 1) one.broadcast.send('into the void');
    expect(one.heard).toEqual([]);
  });

  it('is heard no more by a listener that has left, nor after it is closed', async () => {
    const prefix = randomPrefix();
    const [one, other] = [join(prefix), join(prefix)];
    await reach(one, other);
    const late: string[] = [];
    const leave = other.broadcast.listen((text) => late.push(text));
    leave();
    one.broadcast.send('second');
    await expect.poll(() => other.heard.at(-1), patience).toBe('second');
    expect(late).toEqual([]);
    other.broadcast.close();
    const before = other.heard.length;
    one.broadcast.send('third');
    expect(other.heard).toHaveLength(before);
  });
});
