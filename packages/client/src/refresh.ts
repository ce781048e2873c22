import { pause } from './abortable.ts';
import { hasCode, ownError } from './client-error.ts';
import {
  isInvalidGrant,
  isTemporary,
  parseTokens,
  toClientError,
  type AskTokenEndpoint,
  type TokenReply,
  type Tokens,
} from './token-endpoint.ts';

/** What became of a refresh token. */
export type RefreshOutcome =
  | { readonly kind: 'refreshed'; readonly tokens: Tokens }
  /** The gateway says that its sign-in is over. */
  | { readonly kind: 'ended' };

/** How long is waited before the second and the third attempt. */
const pausesMilliseconds = [250, 1000];
/** What a gateway in trouble may ask to wait within one call; what takes longer is told to the caller. */
const longestPauseSeconds = 2;

/**
 * Refreshes, three times with the same token when there is no answer: the gateway gives the same successor within its grace,
 * so that a reply that got lost costs nothing. Only `invalid_grant` from the gateway ends a sign-in. Everything else leaves
 * the token good: no answer, 429, 5xx, a page of a captive portal, an error that is not understood.
 *
 * Rejects with `SP_CLIENT_UNAVAILABLE`, with `retryAfterSeconds` where the gateway said it, and for what is neither with the
 * code of the gateway or `SP_CLIENT_ANSWER_INVALID`.
 */
export async function refresh(
  ask: AskTokenEndpoint,
  refreshToken: string,
  timeoutMilliseconds: number,
): Promise<RefreshOutcome> {
  for (let attempt = 0; ; attempt++) {
    const reply = await askOnce(ask, refreshToken, timeoutMilliseconds);
    if (reply !== undefined && isInvalidGrant(reply)) return { kind: 'ended' };
    if (reply !== undefined && !isTemporary(reply) && !isBroken(reply)) {
      if (reply.status !== 200) throw toClientError(reply);
      return { kind: 'refreshed', tokens: parseTokens(reply) };
    }
    const wait = pausesMilliseconds[attempt];
    const asked = reply?.retryAfterSeconds;
    if (wait === undefined || (asked ?? 0) > longestPauseSeconds)
      throw ownError('SP_CLIENT_UNAVAILABLE', undefined, { status: reply?.status, retryAfterSeconds: asked });
    await pause(Math.max(wait, (asked ?? 0) * 1000));
  }
}

/** `undefined` when there was no answer. */
async function askOnce(
  ask: AskTokenEndpoint,
  refreshToken: string,
  timeoutMilliseconds: number,
): Promise<TokenReply | undefined> {
  try {
    return await ask('/token/refresh', { refresh_token: refreshToken }, { timeoutMilliseconds });
  } catch (error) {
    if (hasCode(error, 'SP_CLIENT_UNAVAILABLE')) return undefined;
    throw error;
  }
}

/** 200 without tokens: the page of a portal or proxy, or a part of an answer. */
function isBroken({ status, body }: TokenReply): boolean {
  return status === 200 && typeof body['access_token'] !== 'string';
}
