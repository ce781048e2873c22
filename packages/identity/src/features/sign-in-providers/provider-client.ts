import type { IdentityProvider } from './identity-provider.ts';
import type { ExternalProof } from './external-proof.ts';
import type { LogoutOrder } from './logout-token.ts';

/** What a request to a provider holds of the flow that it belongs to. */
export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** The verifier of RFC 7636; only its hash leaves this process. */
  readonly codeVerifier: string;
  /** Whether the user has to sign in there again, whatever session they have. */
  readonly isFresh: boolean;
}

/** What came back to the callback, and the flow that it was asked in. */
export interface AuthorizationAnswer extends AuthorizationRequest {
  readonly parameters: URLSearchParams;
  /** When the flow began. */
  readonly begunAt: Date;
}

/** One identity provider, behind names of ours. What it answers is believed only when it was verified. */
export interface ProviderClient {
  readonly provider: IdentityProvider;
  /** The page of the provider on which the user signs in. Rejects with `SP_PROVIDER_UNAVAILABLE`. */
  authorizationUrl(request: AuthorizationRequest): Promise<URL>;
  /**
   * Exchanges the code of an answer, and verifies who is there. Rejects with `SP_PROVIDER_UNAVAILABLE`,
   * `SP_PROVIDER_UNTRUSTED`, `SP_PROVIDER_CANCELLED`.
   */
  redeem(answer: AuthorizationAnswer): Promise<ExternalProof>;
  /**
   * Verifies a logout token; absent where the provider has none. Rejects with `SP_LOGOUT_TOKEN_INVALID`, or
   * `SP_PROVIDER_UNAVAILABLE` when its keys cannot be fetched.
   */
  verifyLogoutToken?(token: string): Promise<LogoutOrder>;
}
