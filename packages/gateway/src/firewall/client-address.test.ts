import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClientAddressReader } from './client-address.ts';
import { readHeaders } from './inbound-headers.ts';

/** Reads the address of a request with these raw headers, which came from `peer`. */
function addressOf(trustedProxies: readonly string[], peer: string, ...raw: readonly string[]): string {
  return createClientAddressReader(trustedProxies)({ remoteAddress: peer }, readHeaders(['Host', 'app.test', ...raw]));
}

const proxies = ['10.0.0.0/8', '2001:db8:ffff::/48'];
const viaProxy = (...raw: readonly string[]): string => addressOf(proxies, '10.0.0.5', ...raw);

describe('the address of the client', () => {
  it.each([
    { name: 'X-Forwarded-For', header: 'X-Forwarded-For' },
    { name: 'Forwarded', header: 'Forwarded' },
    { name: 'X-Real-IP', header: 'X-Real-IP' },
    { name: 'CF-Connecting-IP', header: 'CF-Connecting-IP' },
    { name: 'True-Client-IP', header: 'True-Client-IP' },
    { name: 'X-Client-IP', header: 'X-Client-IP' },
    { name: 'X-Envoy-External-Address', header: 'X-Envoy-External-Address' },
  ])('is that of the socket whatever a stranger says in $name', ({ header }) => {
    expect(addressOf([], '198.51.100.4', header, '127.0.0.1')).toBe('198.51.100.4');
    expect(addressOf(proxies, '198.51.100.4', header, '10.0.0.1')).toBe('198.51.100.4');
  });

  it.each(['Forwarded', 'X-Real-IP', 'CF-Connecting-IP', 'True-Client-IP', 'X_Forwarded_For', 'X-Forwarded-For-2'])(
    'is not taken from %s of a declared proxy either',
    (header) => {
      expect(viaProxy(header, header === 'Forwarded' ? 'for=203.0.113.9' : '203.0.113.9')).toBe('10.0.0.5');
    },
  );

  it.each([
    { name: 'one hop', list: '203.0.113.9', address: '203.0.113.9' },
    { name: 'what the client made up before it', list: '127.0.0.1, 10.1.1.1, 203.0.113.9', address: '203.0.113.9' },
    { name: 'declared proxies behind each other', list: '203.0.113.9, 10.2.2.2, 10.3.3.3', address: '203.0.113.9' },
    { name: 'proxies only', list: '10.2.2.2, 10.3.3.3', address: '10.2.2.2' },
    { name: 'an IPv6 client', list: '2001:db8::7', address: '2001:db8::7' },
    { name: 'an IPv6 proxy on the way', list: '203.0.113.9, 2001:db8:ffff::3', address: '203.0.113.9' },
    { name: 'a mapped client', list: '::ffff:203.0.113.9', address: '203.0.113.9' },
    { name: 'a mapped client in capitals', list: '::FFFF:203.0.113.9', address: '203.0.113.9' },
    { name: 'a mapped client in hexadecimal', list: '::ffff:cb00:7109', address: '203.0.113.9' },
    { name: 'a mapped client in full', list: '0:0:0:0:0:FFFF:cb00:7109', address: '203.0.113.9' },
    { name: 'a client that only looks mapped', list: '2001:db8::ffff:cb00:7109', address: '2001:db8::ffff:cb00:7109' },
    { name: 'a mapped proxy', list: '203.0.113.9, ::ffff:10.2.2.2', address: '203.0.113.9' },
    { name: 'a mapped proxy in hexadecimal', list: '203.0.113.9, ::ffff:a02:202', address: '203.0.113.9' },
    { name: 'spaces and tabs', list: ' \t203.0.113.9\t ', address: '203.0.113.9' },
    { name: 'an empty list', list: '', address: '10.0.0.5' },
    { name: 'commas', list: ',,,', address: '10.0.0.5' },
    { name: 'garbage last', list: '203.0.113.9, unknown', address: '10.0.0.5' },
    { name: 'garbage behind a proxy', list: '203.0.113.9, <script>, 10.2.2.2', address: '10.2.2.2' },
    { name: 'a port', list: '203.0.113.9:4711', address: '203.0.113.9' },
    { name: 'brackets', list: '[2001:db8::7]', address: '2001:db8::7' },
    { name: 'brackets and a port', list: '[2001:db8::7]:4711', address: '2001:db8::7' },
    { name: 'a mapped client in brackets', list: '[::ffff:203.0.113.9]:4711', address: '203.0.113.9' },
    { name: 'ports of proxies on the way', list: '127.0.0.1, 203.0.113.9:1, 10.2.2.2:443', address: '203.0.113.9' },
    { name: 'empty members', list: '203.0.113.9, , 10.2.2.2,', address: '203.0.113.9' },
    { name: 'a port that is none', list: '203.0.113.9:port', address: '10.0.0.5' },
    { name: 'a port without an address', list: ':4711', address: '10.0.0.5' },
    { name: 'two ports', list: '203.0.113.9:1:2', address: '10.0.0.5' },
    { name: 'an IPv4 address in brackets', list: '[203.0.113.9]:4711', address: '10.0.0.5' },
    { name: 'a bracket that stays open', list: '[2001:db8::7:4711', address: '10.0.0.5' },
    { name: 'a leading zero', list: '203.0.113.09', address: '10.0.0.5' },
    { name: 'a number', list: '3405803785', address: '10.0.0.5' },
    { name: 'a name', list: 'localhost', address: '10.0.0.5' },
    { name: 'a zone', list: 'fe80::1%eth0', address: 'fe80::1%eth0' },
  ])('is read from the end of X-Forwarded-For: $name', ({ list, address }) => {
    expect(viaProxy('X-Forwarded-For', list)).toBe(address);
  });

  it('is read from the last of several X-Forwarded-For headers, in any case', () => {
    expect(viaProxy('X-Forwarded-For', '127.0.0.1', 'x-forwarded-for', '203.0.113.9')).toBe('203.0.113.9');
    expect(viaProxy('X-Forwarded-For', '203.0.113.9', 'X-FORWARDED-FOR', '10.2.2.2')).toBe('203.0.113.9');
  });

  it.each(['::ffff:10.0.0.5', '::ffff:a00:5', '2001:db8:ffff::1', '10.0.0.5'])(
    'F10: knows the declared proxy %s in every form',
    (peer) => {
      expect(addressOf(proxies, peer, 'X-Forwarded-For', '203.0.113.9')).toBe('203.0.113.9');
    },
  );

  it('knows a proxy that was declared in the mapped form', () => {
    expect(addressOf(['::ffff:10.0.0.5'], '10.0.0.5', 'X-Forwarded-For', '203.0.113.9')).toBe('203.0.113.9');
  });

  it('is empty and untrusted when the socket is gone', () => {
    const read = createClientAddressReader(proxies);
    expect(read({ remoteAddress: undefined }, readHeaders(['X-Forwarded-For', '203.0.113.9']))).toBe('');
  });

  it('is never one that stands before an address that is not a declared proxy', () => {
    const stranger = fc.ipV4().filter((address) => !address.startsWith('10.'));
    const made = fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 5 });
    fc.assert(
      fc.property(
        made,
        stranger,
        fc.array(
          fc.ipV4().map((address) => address.replace(/^\d+/, '10')),
          { maxLength: 4 },
        ),
        (before, client, hops) => {
          const list = [...before.map((text) => text.replaceAll(',', '')), client, ...hops].join(', ');
          expect(viaProxy('X-Forwarded-For', list)).toBe(client);
        },
      ),
    );
  });
});
