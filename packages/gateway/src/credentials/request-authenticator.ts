import type { Caller, SallyportError } from '@sallyport/core';
import type { RequestState } from '../pipeline/request-state.ts';
import type { CachedSession } from '../sessions/session-cache.ts';
import type { FeatureCredential } from './feature-credential.ts';

/** What a request authenticator makes of a request. */
export type RequestAuthenticationOutcome =
  | {
      readonly kind: 'authenticated';
      readonly caller: Exclude<Caller, { kind: 'anonymous' }>;
      /** What the caller goes by: a session, or the credential of a feature. */
      readonly session: CachedSession | undefined;
      readonly credential: FeatureCredential | undefined;
      /** Whether the session was remembered; `undefined` without one. */
      readonly isHit: boolean | undefined;
      /** Seconds since 1970 beyond which no token may live that is made for it; absent means as long as any. */
      readonly notAfter?: number;
    }
  /** The request carries no credential of this kind: ask the next one. */
  | { readonly kind: 'not-applicable' }
  /** The credential is expired, revoked or malformed. Where access is optional, its bearer is anonymous. */
  | { readonly kind: 'unusable'; readonly reason: string }
  /** The credential must not be presented here at all. */
  | { readonly kind: 'rejected'; readonly error: SallyportError };

/** Recognizes one kind of credential in a request. Those of features are an `Authenticator` of core behind it. */
export interface RequestAuthenticator {
  authenticate(state: RequestState): RequestAuthenticationOutcome | Promise<RequestAuthenticationOutcome>;
}

/** The request carries no credential of this kind. */
export const notApplicable: RequestAuthenticationOutcome = { kind: 'not-applicable' };
