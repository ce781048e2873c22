import { isNextData } from '../firewall/next-page.ts';
import type { CanonicalRequest } from '../firewall/canonical-request.ts';

/** Safe methods change nothing (RFC 9110, section 9.2.1). A WebSocket handshake is a GET that opens a two-way channel. */
export function isSafe({ method, headers }: CanonicalRequest): boolean {
  return (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') && !headers.isWebSocket;
}

/** Says whether a person is waiting for a page, so that an error may be one. */
export function wantsPage({ headers, path, query }: CanonicalRequest): boolean {
  if (headers.isRouterData || headers.isPrefetch || headers.isWebSocket || isNextData(path, query)) return false;
  if (headers.fetchMode !== undefined) return headers.fetchMode === 'navigate';
  return headers.fetchSite === undefined && headers.fetchDest === undefined && headers.accept.includes('text/html');
}

/**
 * Says whether a refusal may become a trip to the sign-in page: only for a page that is loaded by GET into a tab.
 * A frame, a fetch, a prefetch or the router of Next.js would follow the redirect and misread what it finds.
 */
export function isNavigation(request: CanonicalRequest): boolean {
  const { fetchDest } = request.headers;
  // A service worker that passes a navigation on keeps its mode and loses its destination.
  const isForTab = fetchDest === undefined || fetchDest === 'document' || fetchDest === 'empty';
  return request.method === 'GET' && wantsPage(request) && isForTab;
}
