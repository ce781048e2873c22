import { SallyportError } from '@sallyport/core';
import { requestOf } from '../pipeline/request-state.ts';
import {
  notApplicable,
  type RequestAuthenticationOutcome,
  type RequestAuthenticator,
} from './request-authenticator.ts';
import type { SessionCookieParts } from './session-cookie.ts';

/**
 * Refuses what would name another caller beside the certificate of a machine: a session or a key. A token names one, too, and
 * is judged by what it is bound to.
 */
export function createOtherCredentialRefusal({
  readCookies,
}: Pick<SessionCookieParts, 'readCookies'>): RequestAuthenticator {
  return {
    authenticate: (state) => {
      const { cookie, credentialHeader } = requestOf(state).headers;
      if (cookie !== undefined) {
        state.cookies = readCookies(cookie, state.message.socket);
        if (state.cookies.session.kind !== 'none') return conflict('certificate-and-cookie');
      }
      return credentialHeader === undefined ? notApplicable : conflict('certificate-and-credential-header');
    },
  };
}

/** Refuses an `Authorization` that is no access token beside the certificate of a machine. */
export function createOtherAuthorizationRefusal(): RequestAuthenticator {
  return {
    authenticate: (state) =>
      requestOf(state).headers.authorization === undefined ? notApplicable : conflict('certificate-and-authorization'),
  };
}

function conflict(reason: string): RequestAuthenticationOutcome {
  return { kind: 'rejected', error: new SallyportError('SP_CREDENTIALS_CONFLICT', { reason }) };
}
