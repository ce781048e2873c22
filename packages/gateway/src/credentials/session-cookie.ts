import { SallyportError } from '@sallyport/core';
import type { RecordActivity } from '../sessions/activity.ts';
import type { AuthenticationOutcome, Authenticator } from './authenticator.ts';
import { routeOf, requestOf, type RequestState } from '../pipeline/request-state.ts';
import type { FoundSession, SessionCache } from '../sessions/session-cache.ts';
import type { ReadCookieHeader } from './session-cookie-reader.ts';

export interface SessionCookieParts {
  readonly cache: SessionCache;
  readonly readCookies: ReadCookieHeader;
  readonly recordActivity: RecordActivity;
}

const notApplicable: AuthenticationOutcome = { kind: 'not-applicable' };

/**
 * Recognizes the session cookie. A malformed value costs no look-up; a session that was found is kept alive, unless the
 * route or the kind of request (a prefetch) says that no user is present.
 */
export function createSessionCookieAuthenticator(parts: SessionCookieParts): Authenticator {
  const { cache, readCookies, recordActivity } = parts;

  const toOutcome = (state: RequestState, found: FoundSession): AuthenticationOutcome => {
    const { session, isHit } = found;
    if (session === null) return { kind: 'unusable', reason: 'session-ended' };
    if (routeOf(state).slide && !requestOf(state).headers.isPrefetch) recordActivity(session, state.at);
    return { kind: 'authenticated', caller: session.principal, session, isHit };
  };

  return {
    authenticate: (state) => {
      const { headers } = requestOf(state);
      if (headers.cookie === undefined) return notApplicable;
      state.cookies = readCookies(headers.cookie, state.message.socket);
      const { session } = state.cookies;
      if (session.kind === 'none') return notApplicable;
      if (headers.authorization !== undefined) {
        return {
          kind: 'rejected',
          error: new SallyportError('SP_CREDENTIALS_CONFLICT', { reason: 'cookie-and-authorization' }),
        };
      }
      if (session.kind === 'unusable') return session;
      const found = cache.findByToken(session.token, routeOf(state).fresh, state.message.socket);
      return found instanceof Promise ? found.then((later) => toOutcome(state, later)) : toOutcome(state, found);
    },
  };
}
