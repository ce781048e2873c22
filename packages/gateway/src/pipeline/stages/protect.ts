import { SallyportError, type CsrfTokens } from '@sallyport/core';
import type { InboundHeaders } from '../../firewall/inbound-headers.ts';
import { routeOf, requestOf, type RequestState } from '../request-state.ts';
import { isSafe } from '../request-intent.ts';

export interface ProtectParts {
  /** Origins whose pages may change things here. */
  readonly publicOrigins: ReadonlySet<string>;
  /** For clients that say neither where they are nor anything about it; without it those are refused. */
  readonly csrfTokens: CsrfTokens | undefined;
}

/** Where a request comes from. */
export type RequestSource = 'own-page' | 'other-site' | 'unknown';

/**
 * Refuses what another site makes a browser do (CSRF): by Fetch Metadata, by exact Origin where that is absent, and by the
 * token of the session where both are. A token never outweighs what a browser says. With a session cookie, a request that
 * says nothing of where it comes from and carries no token is refused too. Without one only a foreign source is refused:
 * a site cannot sign its visitors in to another account (login CSRF), and programs, with a credential of their own or
 * none, need no token.
 */
export function protect(state: RequestState, { publicOrigins, csrfTokens }: ProtectParts): undefined {
  if (state.listener === 'internal') return;
  const request = requestOf(state);
  if (request.headers.isWebSocket) requireOwnOrigin(request.headers, publicOrigins, hasSessionCookie(state));
  if (isSafe(request) || !routeOf(state).carriesIdentity) return;
  const source = findSource(request.headers, publicOrigins);
  if (source === 'own-page') return;
  if (source === 'unknown') {
    const { caller } = state;
    if (caller.kind === 'anonymous' || state.credential !== undefined) return;
    const { csrfToken } = request.headers;
    if (csrfToken !== undefined && caller.sid !== undefined && csrfTokens?.isTokenOf(caller.sid, csrfToken) === true)
      return;
  }
  throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: `source-${source}` });
}

/**
 * No rule of browsers keeps a page from opening a WebSocket to another site, so the Origin of every handshake is looked
 * at, wherever it goes. Programs send none, and then may send no session either: what carries a cookie is a browser, or
 * looks like one. Fetch Metadata is not asked: browsers disagree on it for handshakes.
 */
function requireOwnOrigin({ origin }: InboundHeaders, publicOrigins: ReadonlySet<string>, hasCookie: boolean): void {
  if (origin === undefined ? !hasCookie : publicOrigins.has(origin)) return;
  throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: 'handshake-origin' });
}

/** Whether a session was presented where one counts, dead or alive. */
function hasSessionCookie({ cookies }: RequestState): boolean {
  return cookies !== undefined && cookies.session.kind !== 'none';
}

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
