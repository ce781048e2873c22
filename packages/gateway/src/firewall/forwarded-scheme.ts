import type { Socket } from 'node:net';
import { SallyportError } from '@sallyport/core';
import { createNetworkCheck, plainAddress } from './client-address.ts';
import type { InboundHeaders } from './inbound-headers.ts';

/** Says how the client spoke to the proxy in front: `undefined` where no declared proxy says anything. */
export type ReadForwardedScheme = (
  socket: Pick<Socket, 'remoteAddress'>,
  headers: InboundHeaders,
) => 'http' | 'https' | undefined;

/**
 * Builds the reader of `X-Forwarded-Proto`. Only a declared proxy is believed, and only one word: a list whose parts
 * differ, or a word that is neither http nor https, is a proxy that passes on what its client made up.
 */
export function createForwardedSchemeReader(trustedProxies: readonly string[]): ReadForwardedScheme {
  if (trustedProxies.length === 0) return () => undefined;
  const isTrusted = createNetworkCheck(trustedProxies);

  return (socket, { forwardedProto }) => {
    if (forwardedProto === undefined || !isTrusted(plainAddress(socket.remoteAddress))) return undefined;
    const words = new Set(forwardedProto.split(',').map((word) => word.trim().toLowerCase()));
    const [word] = words;
    if (words.size === 1 && (word === 'http' || word === 'https')) return word;
    throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'forwarded-proto' });
  };
}
