import { anonymous } from '@sallyport/core';
import {
  notApplicable,
  type RequestAuthenticationOutcome,
  type RequestAuthenticator,
} from '../../credentials/request-authenticator.ts';
import { routeOf, type RequestState } from '../request-state.ts';

export interface AuthenticateParts {
  /** Asked in this order; the first that applies decides. */
  readonly authenticators: readonly RequestAuthenticator[];
}

/** Authenticates the caller. Routes that never carry identity do not look: nothing can leak into them. */
export function authenticate(state: RequestState, parts: AuthenticateParts): undefined | Promise<undefined> {
  if (!routeOf(state).carriesIdentity) return;
  return askFrom(0, state, parts.authenticators);
}

function askFrom(
  first: number,
  state: RequestState,
  authenticators: readonly RequestAuthenticator[],
): undefined | Promise<undefined> {
  for (let index = first; index < authenticators.length; index++) {
    const outcome = authenticators[index]?.authenticate(state) ?? notApplicable;
    if (outcome instanceof Promise) {
      return outcome.then((settled) =>
        settled.kind === 'not-applicable' ? askFrom(index + 1, state, authenticators) : settle(state, settled),
      );
    }
    if (outcome.kind !== 'not-applicable') return settle(state, outcome);
  }
  return undefined;
}

function settle(state: RequestState, outcome: RequestAuthenticationOutcome): undefined {
  if (outcome.kind === 'rejected') throw outcome.error;
  if (outcome.kind === 'authenticated') {
    state.caller = outcome.caller;
    state.session = outcome.session;
    state.credential = outcome.credential;
    state.notAfter = outcome.notAfter;
    if (outcome.session !== undefined) state.sessionCache = outcome.isHit === true ? 'hit' : 'miss';
    return;
  }
  state.caller = anonymous;
  if (outcome.kind === 'unusable') state.reason = outcome.reason;
}
