import { BlockList, isIP } from 'node:net';
import * as z from 'zod';

/** Shortest prefixes of a network that can still be a list of proxies. */
const shortestPrefix = { ipv4: 8, ipv6: 16 } as const;

/** Bits in front of an IPv4 address that is written as one of IPv6. */
const mappedBits = 96;

/** An address or network of proxies, in every place where the gateway believes one. */
export const proxyNetworkSchema = z.string().superRefine((text, context) => {
  const problem = problemOfProxyNetwork(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/**
 * Says why a text is no address or network of proxies; `undefined` when it is one. A list that holds everybody lets any
 * client choose its own address, and a short IPv6 network holds all of IPv4 as well: `::ffff:0:0/96` is another `0.0.0.0/0`.
 */
function problemOfProxyNetwork(text: string): string | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const longest = family === 'ipv4' ? 32 : 128;
  const length = prefix === undefined ? longest : Number(prefix);
  const isNetwork =
    isIP(address) !== 0 &&
    !address.includes('%') &&
    rest.length === 0 &&
    (prefix === undefined || /^\d{1,3}$/.test(prefix)) &&
    length <= longest;
  if (!isNetwork) return 'is not an address or network';
  const isTooWide =
    length < shortestPrefix[family] ||
    (family === 'ipv6' && length < mappedBits + shortestPrefix.ipv4 && holdsIpv4(address, length));
  return isTooWide ? 'is too wide to be a list of proxies' : undefined;
}

/** Whether the network and the range of mapped IPv4 addresses have an address in common: then one holds the other. */
function holdsIpv4(address: string, length: number): boolean {
  const network = new BlockList();
  network.addSubnet(address, length, 'ipv6');
  const mapped = new BlockList();
  mapped.addSubnet('::ffff:0:0', mappedBits, 'ipv6');
  return network.check('::ffff:0:0', 'ipv6') || mapped.check(address, 'ipv6');
}
