import { anonymous, type SallyportError, type Caller } from '@sallyport/core';
import { placeOf, type Passage } from '../request-state.ts';
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
  authenticate(passage: Passage): AuthenticationOutcome | Promise<AuthenticationOutcome>;
}

export interface AuthenticateParts {
  /** Asked in this order; the first that applies decides. */
  readonly authenticators: readonly Authenticator[];
}

/** Finds out who is calling. Routes that never carry identity do not look: nothing can leak into them. */
export function authenticate(passage: Passage, parts: AuthenticateParts): undefined | Promise<undefined> {
  if (!placeOf(passage).carriesIdentity) return;
  return askFrom(0, passage, parts.authenticators);
}

function askFrom(
  first: number,
  passage: Passage,
  authenticators: readonly Authenticator[],
): undefined | Promise<undefined> {
  for (let index = first; index < authenticators.length; index++) {
    const outcome = authenticators[index]?.authenticate(passage) ?? { kind: 'not-applicable' };
    if (outcome instanceof Promise) {
      return outcome.then((settled) =>
        settled.kind === 'not-applicable' ? askFrom(index + 1, passage, authenticators) : settle(passage, settled),
      );
    }
    if (outcome.kind !== 'not-applicable') return settle(passage, outcome);
  }
  return undefined;
}

function settle(passage: Passage, outcome: AuthenticationOutcome): undefined {
  if (outcome.kind === 'rejected') throw outcome.error;
  if (outcome.kind === 'authenticated') {
    passage.caller = outcome.caller;
    passage.session = outcome.session;
    passage.sessionCache = outcome.isHit ? 'hit' : 'miss';
    return;
  }
  passage.caller = anonymous;
  if (outcome.kind === 'unusable') passage.reason = outcome.reason;
}
