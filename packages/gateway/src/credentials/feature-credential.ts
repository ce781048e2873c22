import type { AuthenticatedCaller, CredentialKind } from '@sallyport/core';

/** The credential of a caller that the authenticator of a feature knows, and how to read it again. */
export interface FeatureCredential {
  readonly kind: CredentialKind;
  readonly caller: AuthenticatedCaller;
  /** Resolves to `null` when it has ended. Rejects with `SP_STORE_UNAVAILABLE` when that cannot be found out. */
  readonly recheck: () => Promise<AuthenticatedCaller | null>;
}
