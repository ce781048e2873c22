import { isNextData } from '../firewall/next-page.ts';
import type { CanonicalRequest } from '../firewall/canonical-request.ts';
import type { RequestState } from './request-state.ts';

/** Safe methods change nothing (RFC 9110, section 9.2.1). A WebSocket handshake is a GET that opens a two-way channel. */
export function isSafe({ method, headers }: CanonicalRequest): boolean {
  return (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') && !headers.isWebSocket;
}

/**
 * Whether a browser asks what a script may send. `Access-Control-Request-Method` is a header that no script can set.
 *
 * @see {@link https://fetch.spec.whatwg.org/#cors-preflight-request Fetch, CORS-preflight request}
 */
export function isPreflight({ listener, request, message }: RequestState): boolean {
  return (
    listener === 'public' &&
    request?.method === 'OPTIONS' &&
    request.headers.origin !== undefined &&
    typeof message.headers['access-control-request-method'] === 'string'
  );
}

/** Says whether a person is waiting for a page, so that an error may be one. */
export function wantsPage({ headers, path, query }: CanonicalRequest): boolean {
  if (headers.isRouterData || headers.isPrefetch || headers.isWebSocket || isNextData(path, query)) return false;
  if (headers.fetchMode !== undefined) return headers.fetchMode === 'navigate';
  return headers.fetchSite === undefined && headers.fetchDest === undefined && headers.accept.includes('text/html');
}

/**
 * Says whether the router of Next.js sent a Server Action: a POST to the address of the page that it is on. No other site can
 * make a browser send the header.
 */
export function isServerAction({ message, listener }: RequestState): boolean {
  return listener === 'public' && message.method === 'POST' && typeof message.headers['next-action'] === 'string';
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
