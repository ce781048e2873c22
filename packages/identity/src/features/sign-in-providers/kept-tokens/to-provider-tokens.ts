import { refuse } from '../provider-refusal.ts';
import type { ProviderTokens } from './kept-token.ts';

/** The members of a token answer that are kept (RFC 6749, section 5.1). */
interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly expires_in?: number;
  readonly scope?: string;
}

/** The longest that are known are of some kilobytes. */
const maxTokenLength = 16_384;
const maxScopeLength = 4096;

/** Reads what a provider gave. @throws SallyportError for tokens that are too long to be kept. */
export function toProviderTokens(answer: TokenAnswer, now: Date): ProviderTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds, scope } = answer;
  if (Math.max(accessToken.length, refreshToken?.length ?? 0) > maxTokenLength) throw refuse('token-answer-invalid');
  return {
    accessToken,
    refreshToken,
    accessExpiresAt: seconds === undefined ? undefined : new Date(now.getTime() + seconds * 1000),
    scope: scope === undefined || scope.length > maxScopeLength ? undefined : scope,
  };
}
