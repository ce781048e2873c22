import { BlockList, isIP, type Socket } from 'node:net';
import { SallyportError } from '@sallyport/core';
import type { InboundHeaders } from './inbound-headers.ts';

/** Says which address a request came from. */
export type ReadClientAddress = (socket: Pick<Socket, 'remoteAddress'>, headers: InboundHeaders) => string;

/**
 * Builds the reader of client addresses. Only the `X-Forwarded-For` of a declared proxy is believed, and of that list
 * only what declared proxies wrote: it is read from its end, up to the first address that is not one of them.
 */
export function createClientAddressReader(trustedProxies: readonly string[]): ReadClientAddress {
  if (trustedProxies.length === 0) return (socket) => plainAddress(socket.remoteAddress);
  const isTrusted = createNetworkCheck(trustedProxies);

  return (socket, headers) => {
    const peer = plainAddress(socket.remoteAddress);
    if (!isTrusted(peer)) return peer;
    if (headers.forwardedHostCount > 1) {
      throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'forwarded-host-count' });
    }
    let client = peer;
    for (const member of listMembers(headers.forwardedFor).reverse()) {
      const address = addressIn(member);
      if (isIP(address) === 0) return client;
      client = address;
      if (!isTrusted(address)) return client;
    }
    return client;
  };
}

/** The members of a list; empty ones are none (RFC 9110, section 5.6.1.2). */
export function listMembers(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

/**
 * The address in a member of `X-Forwarded-For`. Some proxies write the port of the client behind it:
 * `203.0.113.7:51234`, `[2001:db8::7]:51234`.
 */
export function addressIn(member: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(member) ?? [];
  return plainAddress(bracketed !== undefined && isIP(bracketed) === 6 ? bracketed : (plain ?? member));
}

/** Builds the check whether an address is one of the listed ones, or in one of the listed networks. */
export function createNetworkCheck(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** An IPv4 address that arrives on an IPv6 socket, or that a proxy writes in a form of IPv6, is that IPv4 address. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  if (!address.includes(':')) return address;
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice(7);
  return /ffff:/i.test(address) && isIP(address) === 6 ? (mappedAddress(address) ?? address) : address;
}

/** The IPv4 address in an IPv6 address, however that is written; `undefined` when there is none. */
function mappedAddress(address: string): string | undefined {
  if (address.includes('%')) return undefined;
  // The URL parser knows every spelling, and has one for each address: ::ffff:cb00:7109.
  const [, high, low] =
    /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(new URL(`http://[${address}]`).hostname) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const bits = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return bits.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}
