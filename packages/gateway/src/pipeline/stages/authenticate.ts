import { anonymous, type SallyportError, type Caller } from '@sallyport/core';
import { routeOf, type RequestState } from '../request-state.ts';
import type { CachedSession } from '../../sessions/session-cache.ts';

/** What an authenticator makes of a request. */
export type AuthenticationOutcome =
  | {
      readonly kind: 'authenticated';
      readonly caller: Exclude<Caller, { kind: 'anonymous' }>;
      readonly session: CachedSession;
      readonly isHit: boolean;
    }
  /** The request carries no credential of this kind: ask the next one. */
  | { readonly kind: 'not-applicable' }
  /** The credential is dead or malformed. Where nobody needs to be known, its bearer is a stranger. */
  | { readonly kind: 'unusable'; readonly reason: string }
  /** The credential must not be presented here at all. */
  | { readonly kind: 'rejected'; readonly error: SallyportError };

/** Recognizes one kind of credential. */
export interface Authenticator {
  authenticate(state: RequestState): AuthenticationOutcome | Promise<AuthenticationOutcome>;
}

export interface AuthenticateParts {
  /** Asked in this order; the first that applies decides. */
  readonly authenticators: readonly Authenticator[];
}

/** Finds out who is calling. Routes that never carry identity do not look: nothing can leak into them. */
export function authenticate(state: RequestState, parts: AuthenticateParts): undefined | Promise<undefined> {
  if (!routeOf(state).carriesIdentity) return;
  return askFrom(0, state, parts.authenticators);
}

function askFrom(
  first: number,
  state: RequestState,
  authenticators: readonly Authenticator[],
): undefined | Promise<undefined> {
  for (let index = first; index < authenticators.length; index++) {
    const outcome = authenticators[index]?.authenticate(state) ?? { kind: 'not-applicable' };
    if (outcome instanceof Promise) {
      return outcome.then((settled) =>
        settled.kind === 'not-applicable' ? askFrom(index + 1, state, authenticators) : settle(state, settled),
      );
    }
    if (outcome.kind !== 'not-applicable') return settle(state, outcome);
  }
  return undefined;
}

function settle(state: RequestState, outcome: AuthenticationOutcome): undefined {
  if (outcome.kind === 'rejected') throw outcome.error;
  if (outcome.kind === 'authenticated') {
    state.caller = outcome.caller;
    state.session = outcome.session;
    state.sessionCache = outcome.isHit ? 'hit' : 'miss';
    return;
  }
  state.caller = anonymous;
  if (outcome.kind === 'unusable') state.reason = outcome.reason;
}
