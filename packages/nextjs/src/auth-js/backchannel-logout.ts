import { SallyportError, type Logger } from '@sallyport/core';
import { readBody } from './read-body.ts';
import type { LogoutRegister } from './logout-register.ts';
import type { VerifyLogoutToken } from './logout-token.ts';
import type { TokenStorage } from './token-storage.ts';

export interface BackchannelLogoutParts {
  readonly verify: VerifyLogoutToken;
  readonly register: LogoutRegister;
  readonly storage: TokenStorage;
  readonly logger: Logger;
}

const noStore = { 'cache-control': 'no-store' };

/**
 * Receives a logout of the provider, and ends what it names before it answers.
 *
 * Answers 200 when it is done; 400 with an `error` for a token that is none, is not for this client, or was used before;
 * 5xx when it could not be done, so that the provider tries again.
 *
 * @throws `SP_STORE_UNAVAILABLE`, `SP_KEYS_UNAVAILABLE`, `SP_SERVICE_UNAVAILABLE`
 * @see {@link https://openid.net/specs/openid-connect-backchannel-1_0.html OpenID Connect Back-Channel Logout 1.0}
 */
export async function receiveBackchannelLogout(request: Request, parts: BackchannelLogoutParts): Promise<Response> {
  const { verify, register, storage, logger } = parts;
  const token = await readToken(request);
  if (token === undefined) return refuse('logout_token is missing');
  try {
    const { target, jti, expiresAt } = await verify(token);
    if (await register.isUsed(jti)) return refuse('logout_token was used before');
    // First the logout, then its mark: a process that dies in between is asked again, and ends the same once more.
    await storage.endAll(target);
    if (!(await register.useOnce(jti, expiresAt))) return refuse('logout_token was used before');
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== 'SP_TOKEN_INVALID') throw error;
    logger.warn('A logout token was refused', { event: 'shell-logout-token-refused', reason: error.reason });
    return refuse('logout_token is not valid');
  }
  return new Response(null, { status: 200, headers: noStore });
}

/** One `logout_token` of a short form. */
async function readToken(request: Request): Promise<string | undefined> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return undefined;
  const text = await readBody(request);
  if (text === undefined) return undefined;
  const tokens = new URLSearchParams(text).getAll('logout_token');
  return tokens.length === 1 ? tokens[0] : undefined;
}

function refuse(description: string): Response {
  const body = JSON.stringify({ error: 'invalid_request', error_description: description });
  return new Response(body, { status: 400, headers: { ...noStore, 'content-type': 'application/json' } });
}
