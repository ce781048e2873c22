import type { IdentityProvider } from './identity-provider.ts';
import type { ExternalProof } from './external-proof.ts';
import type { SealedTokens, ProviderTokens } from './kept-tokens/kept-token.ts';
import type { LogoutOrder } from './logout-token.ts';

/** What a request to a provider holds of the flow that it belongs to. */
export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** The S256 challenge of RFC 7636. */
  readonly codeChallenge: string;
  /** Whether the user has to sign in there again, whatever session they have. */
  readonly isFresh: boolean;
}

/** What came back to the callback, and the flow that it was asked in. */
export interface AuthorizationAnswer extends Omit<AuthorizationRequest, 'codeChallenge'> {
  /** What the challenge was made of. */
  readonly codeVerifier: string;
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
   * `SP_PROVIDER_UNTRUSTED`, `SP_PROVIDER_CANCELLED`, and `SP_PROVIDER_NOT_FRESH` where it is to have happened just now.
   */
  redeem(answer: AuthorizationAnswer): Promise<ExternalProof>;
  /**
   * Exchanges a refresh token; absent where the provider gives none. Rejects with `SP_PROVIDER_SIGN_IN_REQUIRED` when the
   * provider takes it no longer, and with `SP_PROVIDER_UNAVAILABLE`.
   *
   * @param subject whose tokens they are: an ID token of another user is refused.
   */
  refresh?(refreshToken: string, subject: string): Promise<ProviderTokens>;
  /** Revokes tokens (RFC 7009). Resolves to whether the provider has that. Rejects with `SP_PROVIDER_UNAVAILABLE`. */
  revoke?(tokens: SealedTokens): Promise<boolean>;
  /**
   * Verifies a logout token; absent where the provider has none. Rejects with `SP_LOGOUT_TOKEN_INVALID`, or
   * `SP_PROVIDER_UNAVAILABLE` when its keys cannot be fetched.
   */
  verifyLogoutToken?(token: string): Promise<LogoutOrder>;
}
