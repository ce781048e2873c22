import { SallyportError } from '@sallyport/core';
import type { RecordActivity } from '../sessions/activity.ts';
import {
  notApplicable,
  type RequestAuthenticationOutcome,
  type RequestAuthenticator,
} from './request-authenticator.ts';
import { routeOf, requestOf, type RequestState } from '../pipeline/request-state.ts';
import { isSafe } from '../pipeline/request-intent.ts';
import { isForeignRead } from '../pipeline/request-source.ts';
import type { FoundSession, SessionCache } from '../sessions/session-cache.ts';
import type { ReadCookieHeader } from './session-cookie-reader.ts';

export interface SessionCookieParts {
  readonly cache: SessionCache;
  readonly readCookies: ReadCookieHeader;
  readonly recordActivity: RecordActivity;
  /** Origins whose pages may read with the session of their visitor. */
  readonly publicOrigins: ReadonlySet<string>;
}

const foreignRead: RequestAuthenticationOutcome = { kind: 'unusable', reason: 'read-other-site' };
const notAccepted: RequestAuthenticationOutcome = { kind: 'unusable', reason: 'credential-not-accepted' };

/**
 * Recognizes the session cookie. A malformed value costs no look-up; a session that was found is kept alive, unless the
 * route or the kind of request (a prefetch) says that no user is present.
 */
export function createSessionCookieAuthenticator(parts: SessionCookieParts): RequestAuthenticator {
  const { cache, readCookies, recordActivity, publicOrigins } = parts;

  const toOutcome = (state: RequestState, found: FoundSession): RequestAuthenticationOutcome => {
    const { session, isHit } = found;
    if (session === null) return { kind: 'unusable', reason: 'session-ended' };
    if (routeOf(state).slide && !requestOf(state).headers.isPrefetch) recordActivity(session, state.at);
    return { kind: 'authenticated', caller: session.principal, session, credential: undefined, isHit };
  };

  return {
    authenticate: (state) => {
      const { headers } = requestOf(state);
      if (headers.cookie === undefined) return notApplicable;
      state.cookies = readCookies(headers.cookie, state.message.socket);
      const { session } = state.cookies;
      if (session.kind === 'none') return notApplicable;
      if (headers.authorization !== undefined) return conflict('cookie-and-authorization');
      if (headers.credentialHeader !== undefined) return conflict('cookie-and-credential-header');
      // A browser sends its cookie everywhere, so that this is no attempt of anybody.
      if (!routeOf(state).acceptsSession) return notAccepted;
      // What another site reads is served to a stranger, or not at all: browsers send a cookie for every page that asks.
      if (isSafe(requestOf(state)) && isForeignRead(requestOf(state), publicOrigins)) return foreignRead;
      if (session.kind === 'unusable') return session;
      const found = cache.findByToken(session.token, routeOf(state).fresh || state.isFresh, state.message.socket);
      return found instanceof Promise ? found.then((later) => toOutcome(state, later)) : toOutcome(state, found);
    },
  };
}

function conflict(reason: string): RequestAuthenticationOutcome {
  return { kind: 'rejected', error: new SallyportError('SP_CREDENTIALS_CONFLICT', { reason }) };
}
