import { BlockList, isIP } from 'node:net';
import { isLoopbackHost } from '@sallyport/core';

/**
 * Networks that are not the internet (IANA special-purpose address registries): this machine, private and shared networks,
 * link-local addresses with the metadata services of clouds, examples, benchmarks, multicast.
 */
const specialIpv4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const;
/** Of IPv6 one network alone is the internet; parts of it lead to IPv4, or are examples. */
const internetIpv6 = ['2000::', 3] as const;
const specialIpv6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

const special = new BlockList();
for (const [address, bits] of specialIpv4) special.addSubnet(address, bits, 'ipv4');
for (const [address, bits] of specialIpv6) special.addSubnet(address, bits, 'ipv6');
const internet = new BlockList();
internet.addSubnet(...internetIpv6, 'ipv6');

/** Whether an address is one of the internet. What is no address is none, and so is an IPv4 address inside of IPv6. */
export function isPublicAddress(text: string): boolean {
  const version = isIP(text);
  if (version === 4) return !special.check(text, 'ipv4');
  return version === 6 && internet.check(text, 'ipv6') && !special.check(text, 'ipv6');
}

/** Why a host is not called, by its name alone; `undefined` where that says nothing: then its addresses decide. */
export type JudgeHost = (url: URL) => 'private-host' | undefined;

/**
 * Builds the judgement of hosts by their names: for addresses that are written down. A name may lead anywhere, which
 * is looked at when it is called.
 *
 * @param allowed hosts, with their port unless it is the usual one, that are called although they are private.
 */
export function createHostJudgement(allowed: readonly string[]): JudgeHost {
  const named = allowed.map((host) => host.toLowerCase());
  return (url) => {
    if (named.includes(url.host)) return undefined;
    const name = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
    const isPrivate = isLoopbackHost(name) || (isIP(name) !== 0 && !isPublicAddress(name));
    return isPrivate ? 'private-host' : undefined;
  };
}
