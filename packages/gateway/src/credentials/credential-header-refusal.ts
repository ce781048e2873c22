import { SallyportError } from '@sallyport/core';
import { requestOf } from '../pipeline/request-state.ts';
import { notApplicable, type RequestAuthenticator } from './request-authenticator.ts';

/** Refuses the credentials of programs at the internal listener, where only the token of a zone or service counts. */
export function createCredentialHeaderRefusal(): RequestAuthenticator {
  return {
    authenticate: (state) =>
      requestOf(state).headers.credentialHeader === undefined
        ? notApplicable
        : {
            kind: 'rejected',
            error: new SallyportError('SP_UNAUTHENTICATED', { reason: 'credential-on-internal-listener' }),
          },
  };
}
