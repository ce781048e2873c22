import type { CanonicalRequest } from '../firewall/canonical-request.ts';
import type { InboundHeaders } from '../firewall/inbound-headers.ts';

/** Where a request comes from. */
export type RequestSource = 'own-page' | 'other-site' | 'unknown';

/** Says whose page a request came from, as far as its headers tell. */
export function findSource(
  { fetchSite, origin }: Pick<InboundHeaders, 'fetchSite' | 'origin'>,
  publicOrigins: ReadonlySet<string>,
): RequestSource {
  // A page that sends no referrer has the Origin "null"; then Fetch Metadata alone decides.
  const isForeign = origin !== undefined && origin !== 'null' && !publicOrigins.has(origin);
  if (isForeign) return 'other-site';
  if (fetchSite !== undefined) {
    return fetchSite === 'same-origin' || fetchSite === 'none' ? 'own-page' : 'other-site';
  }
  if (origin === undefined) return 'unknown';
  return origin === 'null' ? 'other-site' : 'own-page';
}

/**
 * Whether another site, or a sibling subdomain, reads something in the name of its visitor: an image, a script, a frame, a
 * fetch, an event stream. People who follow a link into a tab come by themselves.
 *
 * @see {@link https://web.dev/articles/fetch-metadata Resource isolation policy by Fetch Metadata}
 */
export function isForeignRead({ method, headers }: CanonicalRequest, publicOrigins: ReadonlySet<string>): boolean {
  const { fetchSite, fetchMode, fetchDest, origin, isWebSocket } = headers;
  // What browsers of today say of nearly every request, and what programs do not say.
  if ((fetchSite === 'same-origin' || fetchSite === 'none' || fetchSite === undefined) && origin === undefined)
    return false;
  // Of handshakes the Origin alone is asked, elsewhere.
  if (isWebSocket || findSource(headers, publicOrigins) !== 'other-site') return false;
  const isForTab = fetchDest === undefined || fetchDest === 'document' || fetchDest === 'empty';
  return !(fetchMode === 'navigate' && isForTab && (method === 'GET' || method === 'HEAD'));
}
