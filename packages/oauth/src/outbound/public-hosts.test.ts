import { describe, expect, it } from 'vitest';
import { createHostJudgement, isPublicAddress } from './public-hosts.ts';

describe('an address of the internet', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450::1'])(
    'is %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['loopback', '::1'],
    ['any address', '0.0.0.0'],
    ['any address', '::'],
    ['private use', '10.1.2.3'],
    ['private use', '172.16.0.1'],
    ['private use', '172.31.255.255'],
    ['private use', '192.168.1.1'],
    ['the metadata service of clouds', '169.254.169.254'],
    ['shared by carriers', '100.64.0.1'],
    ['for examples', '192.0.2.1'],
    ['for examples', '203.0.113.9'],
    ['for examples', '2001:db8::1'],
    ['for benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unique local', 'fd00::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['IPv4 in IPv6', '::ffff:127.0.0.1'],
    ['IPv4 in IPv6', '::ffff:8.8.8.8'],
    ['IPv4 behind a translator', '64:ff9b::7f00:1'],
    ['IPv4 in 6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:53aa::1'],
    ['no address', 'example.com'],
    ['nothing', ''],
  ])('is not %s: %s', (_name, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('a host', () => {
  const judge = createHostJudgement(['localhost:3005', '10.0.0.7', 'crm.internal', 'LOCALHOST:3007']);

  it.each([
    'https://rp.example.com/',
    'https://8.8.8.8/',
    'http://localhost:3005/',
    'http://localhost:3007/',
    'https://10.0.0.7/x',
    'https://crm.internal/',
  ])('is called: %s', (address) => {
    expect(judge(new URL(address))).toBeUndefined();
  });

  it.each([
    'http://localhost/',
    'http://localhost:3006/',
    'https://localhost.:3005/',
    'https://app.localhost/',
    'http://127.0.0.1:3005/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.7]/',
    'https://10.0.0.7:8443/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[fd00::1]/',
  ])('is not called: %s', (address) => {
    expect(judge(new URL(address))).toBe('private-host');
  });
});
