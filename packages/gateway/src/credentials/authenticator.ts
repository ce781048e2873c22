import type { Caller, SallyportError } from '@sallyport/core';
import type { RequestState } from '../pipeline/request-state.ts';
import type { CachedSession } from '../sessions/session-cache.ts';

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
  /** The credential is expired, revoked or malformed. Where access is optional, its bearer is anonymous. */
  | { readonly kind: 'unusable'; readonly reason: string }
  /** The credential must not be presented here at all. */
  | { readonly kind: 'rejected'; readonly error: SallyportError };

/** Recognizes one kind of credential. */
export interface Authenticator {
  authenticate(state: RequestState): AuthenticationOutcome | Promise<AuthenticationOutcome>;
}
