import { describe, expect, it } from 'vitest';
import { proxyNetworkSchema } from './proxy-network.ts';

const problemOf = (text: string): string | undefined => proxyNetworkSchema.safeParse(text).error?.issues[0]?.message;

describe('a network of proxies', () => {
  it.each([
    '0.0.0.0/0',
    '0.0.0.0/1',
    '10.0.0.0/7',
    '::/0',
    '::/8',
    '::/15',
    '::/64',
    '::ffff:0:0/96',
    '::ffff:128.0.0.0/97',
    '::ffff:10.0.0.0/103',
    '0:0:0:0:0:ffff:0:0/96',
  ])('is not %s, which holds too many', (text) => {
    expect(problemOf(text)).toBe('is too wide to be a list of proxies');
  });

  it.each([
    '',
    'true',
    '*',
    'proxy',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-8',
    '10.0.0.0/8.5',
  ])('is not "%s"', (text) => {
    expect(problemOf(text)).toBe('is not an address or network');
  });

  it.each(['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/16', '2001:db8::/32', '::ffff:10.0.0.0/104', '::ffff:10.0.0.5'])(
    'may be %s',
    (text) => {
      expect(problemOf(text)).toBeUndefined();
    },
  );
});
