import { SallyportError } from '@sallyport/core';
import { requestOf } from '../pipeline/request-state.ts';
import type { AuthenticationOutcome, Authenticator } from './authenticator.ts';

const notApplicable: AuthenticationOutcome = { kind: 'not-applicable' };

/**
 * Refuses every `Authorization` header: the public listener has no use for one yet, and a token that the gateway made
 * for a service must never be accepted by the gateway itself.
 */
export function createBearerRefusal(): Authenticator {
  return {
    authenticate: (state) =>
      requestOf(state).headers.authorization === undefined
        ? notApplicable
        : { kind: 'rejected', error: new SallyportError('SP_TOKEN_INVALID', { reason: 'bearer-on-public-listener' }) },
  };
}
