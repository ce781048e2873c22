import { createHash } from 'node:crypto';

/** It is kept beside every token, and shown to people. */
const maxAddressLength = 500;
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * Reads a `client_id` that is the address of a metadata document; `undefined` for every other text. Two spellings of one
 * address would be two clients: it has to be written as an URL parser writes it.
 *
 * - https, with a path, without a query, a fragment, a user name and segments of dots.
 *
 * @see {@link https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/ OAuth Client ID Metadata Document}
 */
export function readDocumentAddress(clientId: string): URL | undefined {
  if (clientId.length > maxAddressLength || !clientId.startsWith('https://')) return undefined;
  const url = URL.parse(clientId);
  if (url === null || url.href !== clientId || url.pathname === '/' || dotSegment.test(clientId)) return undefined;
  const hasMore = url.search !== '' || clientId.includes('#') || url.username !== '' || url.password !== '';
  return hasMore || clientId.includes('?') ? undefined : url;
}

/**
 * What stands for such a client in addresses of ours, where its own cannot: a digest, the same for everyone. Ids of
 * registered clients stand for themselves.
 */
export function toClientHandle(clientId: string): string {
  if (!clientId.startsWith('https://')) return clientId;
  return `document_${createHash('sha256').update(clientId).digest('base64url')}`;
}
