import { SallyportError, type CsrfTokens } from '@sallyport/core';
import type { InboundHeaders } from '../../firewall/inbound-headers.ts';
import { routeOf, requestOf, type RequestState } from '../request-state.ts';
import { isSafe } from '../request-intent.ts';
import { isShared } from '../../routing/cross-origin.ts';
import type { ResolvedRoute } from '../../routing/route-table.ts';
import { findSource, isForeignRead } from '../request-source.ts';

export interface ProtectParts {
  /** Origins whose pages may change things here. */
  readonly publicOrigins: ReadonlySet<string>;
  /** For clients that say neither where they are nor anything about it; without it those are refused. */
  readonly csrfTokens: CsrfTokens | undefined;
}

/**
 * Refuses what another site makes a browser do (CSRF): by Fetch Metadata, by exact Origin where that is absent, and by the
 * token of the session where both are. A token never outweighs what a browser says. With a session cookie, a request that
 * says nothing of where it comes from and carries no token is refused too. Without one only a foreign source is refused:
 * a site cannot sign its visitors in to another account (login CSRF), and programs, with a credential of their own or
 * none, need no token.
 *
 * What another site reads is served where strangers are served, and the session was not looked at; elsewhere it is refused,
 * unless it carries a credential of its own, which no browser attaches by itself.
 *
 * Scripts of other sites that a route lists (`cors`) may send everything to it, by a credential that they hold themselves or
 * by none: a session never counts for them.
 */
export function protect(state: RequestState, { publicOrigins, csrfTokens }: ProtectParts): undefined {
  if (state.listener === 'internal') return;
  const request = requestOf(state);
  if (state.listener === 'machine') return requireNoBrowser(request.headers);
  if (request.headers.isWebSocket) requireOwnOrigin(request.headers, publicOrigins, hasSessionCookie(state));
  const { access, carriesIdentity, resource } = routeOf(state);
  if (resource !== undefined) requireKnownOrigin(state, publicOrigins);
  if (!carriesIdentity) return;
  if (isOfListedSite(state)) return;
  if (isSafe(request)) return requireOwnRead(state, access, publicOrigins);
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
 * Browsers attach a certificate by themselves, like a cookie, whatever page asks: where certificates count, none is served.
 * Programs say neither where they are nor which page they show.
 */
function requireNoBrowser({ origin, fetchSite }: InboundHeaders): undefined {
  if (origin === undefined && fetchSite === undefined) return;
  throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: 'browser-on-machine-listener' });
}

/**
 * At an MCP server every method of every page is looked at, reads as well: a page whose name was made to lead here (DNS
 * rebinding) says its own origin. Programs say none.
 */
function requireKnownOrigin(state: RequestState, publicOrigins: ReadonlySet<string>): void {
  const { origin } = requestOf(state).headers;
  if (origin === undefined || publicOrigins.has(origin) || isOfListedSite(state)) return;
  throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: 'origin-not-listed' });
}

function isOfListedSite(state: RequestState): boolean {
  const { crossOrigin } = routeOf(state);
  if (crossOrigin === undefined || !isShared(crossOrigin, requestOf(state).headers.origin)) return false;
  return state.session === undefined;
}

function requireOwnRead(
  state: RequestState,
  access: ResolvedRoute['access'],
  publicOrigins: ReadonlySet<string>,
): undefined {
  if (access === 'optional' || state.credential !== undefined) return;
  if (isForeignRead(requestOf(state), publicOrigins))
    throw new SallyportError('SP_CROSS_SITE_REQUEST', { reason: 'read-other-site' });
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
