import { SallyportError } from '@sallyport/core';
import { requestOf } from '../pipeline/request-state.ts';
import { notApplicable, type RequestAuthenticator } from './request-authenticator.ts';

/**
 * Refuses every credential that no authenticator recognized: it is never taken for none. So is a token that the gateway
 * made for a service, which must never be accepted by the gateway itself.
 */
export function createUnclaimedRefusal(): RequestAuthenticator {
  return {
    authenticate: (state) => {
      const { authorization, credentialHeader } = requestOf(state).headers;
      if (authorization !== undefined) {
        return {
          kind: 'rejected',
          error: new SallyportError('SP_TOKEN_INVALID', { reason: `bearer-on-${state.listener}-listener` }),
        };
      }
      if (credentialHeader === undefined) return notApplicable;
      return { kind: 'rejected', error: new SallyportError('SP_UNAUTHENTICATED', { reason: 'credential-unknown' }) };
    },
  };
}
