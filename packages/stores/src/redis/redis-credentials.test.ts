import { silentLogger } from '@sallyport/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openRedis } from './open-redis.ts';
import { hasRedisServer, startRedisServer, type RedisServer } from './redis-server.test-support.ts';
import { isSameRedis } from './redis-url.ts';

describe.skipIf(!hasRedisServer)('credentials of Redis that are renewed [redis]', () => {
  let server: RedisServer;
  const closing: (() => void)[] = [];
  beforeAll(async () => {
    server = await startRedisServer();
    for (const name of ['before', 'after'])
      await server.cli('ACL', 'SETUSER', name, 'on', `>${name}-pw`, '~*', '&*', '+@all');
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  afterAll(() => server.stop());

  const urlOf = (name: string): string => `redis://${name}:${name}-pw@127.0.0.1:${server.port}`;
  const openAs = async (name: string) => {
    const redis = openRedis({ url: urlOf(name), prefix: 'test:', logger: silentLogger });
    closing.push(() => redis.close());
    await redis.ready(10_000);
    return { redis, whoami: () => redis.command('test:x', ['ACL', 'WHOAMI']).catch(() => 'none') };
  };

  it('are used from the next connection on, for commands and for events, and what is connected goes on', async () => {
    const { redis, whoami } = await openAs('before');
    const heard: string[] = [];
    const listener = { onMessage: (text: string) => void heard.push(text), onOpen: () => {}, onLost: () => {} };
    const subscription = redis.listen('test:channel', listener);
    await expect
      .poll(() =>
        subscription.sync().then(
          () => 'open',
          () => 'lost',
        ),
      )
      .toBe('open');
    redis.useCredentials(urlOf('after'));
    expect(await whoami()).toBe('before');
    // The server ends the connections of a user that it deletes.
    await server.cli('ACL', 'DELUSER', 'before');
    await expect.poll(whoami, { timeout: 10_000 }).toBe('after');
    await expect
      .poll(
        () =>
          subscription.sync().then(
            () => 'open',
            () => 'lost',
          ),
        { timeout: 10_000 },
      )
      .toBe('open');
    await redis.command('test:channel', ['PUBLISH', 'test:channel', 'hello']);
    await expect.poll(() => heard).toContain('hello');
    await server.cli('ACL', 'SETUSER', 'before', 'on', '>before-pw', '~*', '&*', '+@all');
  });

  it('stay as they were when the new address cannot be read', async () => {
    const { redis, whoami } = await openAs('before');
    expect(() => redis.useCredentials('http://canary')).toThrow(/scheme/);
    expect(() => redis.useCredentials('http://canary')).not.toThrow(/canary/);
    expect(await whoami()).toBe('before');
  });
});

describe('two addresses of Redis', () => {
  const url = 'rediss://u:p@redis:6380/2';
  it.each([
    { name: 'another host', other: 'rediss://u:p@redis-2:6380/2' },
    { name: 'another port', other: 'rediss://u:p@redis:6381/2' },
    { name: 'another database', other: 'rediss://u:p@redis:6380/3' },
    { name: 'no encryption', other: 'redis://u:p@redis:6380/2' },
    { name: 'another kind', other: 'rediss+cluster://u:p@redis:6380' },
  ])('lead to two places with $name', ({ other }) => {
    expect(isSameRedis(url, other)).toBe(false);
  });

  it.each(['rediss://u:new@redis:6380/2', 'rediss://v:p@redis:6380/2', 'rediss://redis:6380/2'])(
    'lead to the same place with other credentials: %s',
    (other) => {
      expect(isSameRedis(url, other)).toBe(true);
    },
  );

  it('lead to two places with other credentials of a Cluster, whose client keeps the first ones', () => {
    const cluster = 'redis+cluster://u:p@redis:6379';
    expect(isSameRedis(cluster, cluster)).toBe(true);
    expect(isSameRedis(cluster, 'redis+cluster://u:new@redis:6379')).toBe(false);
  });
});
