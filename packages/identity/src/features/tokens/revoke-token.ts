import { SallyportError, type Authenticator, type RequestContext } from '@sallyport/core';
import type { SessionRevocation } from '../../sessions/session-revocation.ts';
import type { RefreshTokens } from './refresh-token.ts';
import type { TokenFamilies } from './token-families.ts';

export interface RevokeTokenParts {
  readonly tokens: RefreshTokens;
  readonly families: TokenFamilies;
  readonly revocation: SessionRevocation;
  /** Of access tokens. */
  readonly authenticator: Authenticator;
}

/** The sign-in that a token belongs to. */
interface SignIn {
  readonly sid: string;
  readonly subject: string;
}

/** What API keys begin with: they are ended in another way, and must not seem to be ended in this one. */
const keyPrefix = 'sp_key_';

/** Ends the sign-in of a refresh token. Of a text that is none there is nothing to end, which is what was asked for. */
export async function revokeRefreshToken(
  { tokens, families, revocation }: Pick<RevokeTokenParts, 'tokens' | 'families' | 'revocation'>,
  text: string,
  context: RequestContext,
): Promise<void> {
  const token = tokens.read(text);
  const family = token === undefined ? null : await families.find(token.family);
  if (family !== null) await endSignIn(revocation, { sid: family.family, subject: family.userId }, context);
}

/**
 * Ends the sign-in of a refresh token or of an access token that is good, for `/oauth2/revoke`: all its tokens end with it
 * (RFC 7009, section 2.1). Which of both it is its form says, whatever the caller takes it for.
 *
 * Rejects with `SP_TOKEN_TYPE_UNSUPPORTED` for an API key, and with `SP_STORE_UNAVAILABLE`, after which it can be asked again.
 */
export async function revokeToken(parts: RevokeTokenParts, text: string, context: RequestContext): Promise<void> {
  const { authenticator, revocation } = parts;
  if (text.startsWith(keyPrefix)) throw new SallyportError('SP_TOKEN_TYPE_UNSUPPORTED', { reason: 'api-key' });
  const accessToken = authenticator.recognize({ header: 'authorization', value: `Bearer ${text}` });
  if (accessToken === undefined) return revokeRefreshToken(parts, text, context);
  const outcome = await authenticator.authenticate(accessToken);
  if (outcome.kind !== 'authenticated') return;
  const { id: subject, sid } = outcome.caller.principal;
  if (sid !== undefined) await endSignIn(revocation, { sid, subject }, context);
}

async function endSignIn(
  revocation: SessionRevocation,
  { sid, subject }: SignIn,
  context: RequestContext,
): Promise<void> {
  const isEnded = await revocation.end({ sid, subject, reason: 'signed-out' }, context);
  // The process that ended it before may have died before it published that, which is made good now.
  if (!isEnded) await revocation.announce([sid], 'signed-out');
}
