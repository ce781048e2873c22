import { BlockList, isIP } from 'node:net';

/** Loopback, private use (RFC 1918), link-local and unique local addresses (RFC 4193). */
const privateNetworks = [
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
] as const;

const networks = new BlockList();
for (const [address, bits, family] of privateNetworks) networks.addSubnet(address, bits, family);

/**
 * Whether an address belongs to this machine or to a private network, on which plain text may go. The shared addresses of
 * carriers (100.64.0.0/10) are no such network. What is no address is not private.
 */
export function isPrivateAddress(text: string): boolean {
  const address = text.replace(/%.*$/, '');
  const version = isIP(address);
  return version !== 0 && networks.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
