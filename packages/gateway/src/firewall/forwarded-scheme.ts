import type { Socket } from 'node:net';
import { SallyportError } from '@sallyport/core';
import { addressIn, createNetworkCheck, listMembers, plainAddress } from './client-address.ts';
import type { InboundHeaders } from './inbound-headers.ts';

/** Says how the client spoke to the proxy in front: `undefined` where no declared proxy says anything. */
export type ReadForwardedScheme = (
  socket: Pick<Socket, 'remoteAddress'>,
  headers: InboundHeaders,
) => 'http' | 'https' | undefined;

/** What proxies write, some of them for WebSocket handshakes. */
const schemes: ReadonlyMap<string, 'http' | 'https'> = new Map([
  ['http', 'http'],
  ['ws', 'http'],
  ['https', 'https'],
  ['wss', 'https'],
]);

/**
 * Builds the reader of `X-Forwarded-Proto`. Only declared proxies are believed: of a list, in which each proxy adds a
 * word, the word of the outermost of them counts, as many from the end as there are declared proxies on the way
 * according to `X-Forwarded-For`. What stands before it was made up by the client. Any other word is refused.
 */
export function createForwardedSchemeReader(trustedProxies: readonly string[]): ReadForwardedScheme {
  if (trustedProxies.length === 0) return () => undefined;
  const isTrusted = createNetworkCheck(trustedProxies);

  const countHops = ({ forwardedFor }: InboundHeaders): number => {
    const members = listMembers(forwardedFor).reverse();
    const outside = members.findIndex((member) => !isTrusted(addressIn(member)));
    return 1 + (outside === -1 ? members.length : outside);
  };

  return (socket, headers) => {
    const { forwardedProto } = headers;
    if (forwardedProto === undefined || !isTrusted(plainAddress(socket.remoteAddress))) return undefined;
    const words = listMembers(forwardedProto);
    const word = words.length < 2 ? words[0] : words[Math.max(0, words.length - countHops(headers))];
    const scheme = schemes.get(word?.toLowerCase() ?? '');
    if (scheme !== undefined) return scheme;
    throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'forwarded-proto' });
  };
}
