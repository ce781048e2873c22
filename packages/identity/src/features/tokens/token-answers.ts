import type { AccessToken } from './access-token.ts';
import type { RefreshToken } from './refresh-token.ts';

/** `POST /auth/token`, `…/second-factor` and `…/refresh` (RFC 6749, section 5.1). */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds until the access token ends. */
  readonly expires_in: number;
  readonly refresh_token: string;
}

/** Writes the answer. */
export function toTokenAnswer({ token, expiresInSeconds }: AccessToken, refreshToken: RefreshToken): TokenAnswer {
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
    refresh_token: refreshToken.text,
  };
}
