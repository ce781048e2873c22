import fc from 'fast-check';
import { expect, it } from 'vitest';
import { networkOf } from './network-of.ts';

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['', ''],
])('a limit takes %s as a part of %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

it('a limit takes two addresses of one /64 for one network, however they are written', () => {
  const groups = fc.array(fc.integer({ min: 1, max: 0xffff }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(groups, groups, groups, (prefix, one, other) => {
      const short = [...prefix, ...one].map((group) => group.toString(16)).join(':');
      const long = [...prefix, ...other].map((group) => group.toString(16).padStart(4, '0').toUpperCase()).join(':');
      expect(networkOf(short)).toBe(networkOf(long));
    }),
  );
});
