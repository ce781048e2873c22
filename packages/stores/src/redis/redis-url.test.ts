import { OptionsError } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { openRedis } from './open-redis.ts';
import { parseRedisUrl } from './redis-url.ts';

describe('the URL of Redis', () => {
  it.each([
    {
      url: 'redis://localhost',
      address: { kind: 'single', isTls: false, nodes: [{ host: 'localhost', port: 6379 }], database: 0 },
    },
    {
      url: 'rediss://app:p%40ss%3A%2F@redis.internal:6380/7',
      address: {
        kind: 'single',
        isTls: true,
        nodes: [{ host: 'redis.internal', port: 6380 }],
        username: 'app',
        password: 'p@ss:/',
        database: 7,
      },
    },
    {
      url: 'redis://:secret@[2001:db8::1]:6379',
      address: {
        kind: 'single',
        isTls: false,
        nodes: [{ host: '2001:db8::1', port: 6379 }],
        password: 'secret',
        database: 0,
      },
    },
    {
      url: 'redis+sentinel://app:pw@s1,s2:26380/my-master/2?sentinelPassword=a%26b',
      address: {
        kind: 'sentinel',
        isTls: false,
        nodes: [
          { host: 's1', port: 26379 },
          { host: 's2', port: 26380 },
        ],
        username: 'app',
        password: 'pw',
        masterName: 'my-master',
        database: 2,
        sentinelPassword: 'a&b',
      },
    },
    {
      url: 'rediss+cluster://n1,n2:7000',
      address: {
        kind: 'cluster',
        isTls: true,
        nodes: [
          { host: 'n1', port: 6379 },
          { host: 'n2', port: 7000 },
        ],
        database: 0,
      },
    },
  ])('$url is understood', ({ url, address }) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  it.each([
    { name: 'nothing', url: '' },
    { name: 'an address without a scheme', url: 'canary:6379' },
    { name: 'another scheme', url: 'http://canary' },
    { name: 'a scheme that every object has', url: 'constructor://canary' },
    { name: 'no host', url: 'redis://' },
    { name: 'a host that is none', url: 'redis://-canary-' },
    { name: 'a port of nought', url: 'redis://canary:0' },
    { name: 'a port out of range', url: 'redis://canary:65536' },
    { name: 'brackets around a name', url: 'redis://[canary]' },
    { name: 'two hosts for one server', url: 'redis://canary,other' },
    { name: 'an empty host in a list', url: 'redis+cluster://canary,' },
    { name: 'a user without a password', url: 'redis://canary@localhost' },
    { name: 'an empty password', url: 'redis://canary:@localhost' },
    { name: 'a password that is not encoded', url: 'redis://u:canary%zz@localhost' },
    { name: 'a password with an at sign', url: 'redis://u:canary@canary@localhost' },
    { name: 'a database that is no number', url: 'redis://localhost/canary' },
    { name: 'a path too long', url: 'redis://localhost/0/canary' },
    { name: 'a database of a Cluster', url: 'redis+cluster://canary/1' },
    { name: 'Sentinels without a name', url: 'redis+sentinel://canary' },
    { name: 'a fragment', url: 'redis://localhost#canary' },
    { name: 'a parameter that is not known', url: 'redis://localhost?tls=canary', says: /tls/ },
    { name: 'a parameter of Sentinels elsewhere', url: 'redis://localhost?sentinelPassword=canary' },
    { name: 'a parameter twice', url: 'redis+sentinel://h/m?sentinelPassword=canary&sentinelPassword=b' },
    { name: 'half a secret in place of a parameter', url: 'redis://localhost?canary%40%2F=1' },
  ])('with $name is refused, without a word of it', ({ url, says = /./ }) => {
    expect(() => parseRedisUrl(url)).toThrow(OptionsError);
    expect(() => parseRedisUrl(url)).toThrow(says);
    expect(() => parseRedisUrl(url)).not.toThrow(/canary/);
  });
});

it.each([
  { name: 'a prefix with braces, which would put every key into one slot', options: { prefix: '{a}:' } },
  { name: 'an empty prefix', options: { prefix: '' } },
  { name: 'a timeout of nothing', options: { commandTimeoutMilliseconds: 0 } },
  { name: 'no limit on what is under way', options: { maximumInFlight: Number.POSITIVE_INFINITY } },
])('$name is refused', ({ options }) => {
  expect(() => openRedis({ url: 'redis://localhost', ...options })).toThrow(OptionsError);
});
