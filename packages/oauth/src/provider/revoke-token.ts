import { SallyportError, type RequestContext } from '@sallyport/core';
import type { Artifacts } from './artifacts.ts';
import type { Delegations } from './delegations.ts';
import { endTokensLike } from './end-tokens.ts';
import type { Grants } from './grants.ts';
import type { OAuthAuthenticator } from './oauth-authenticator.ts';
import { formOfToken } from './provider-tokens.ts';

export interface RevokeOAuthTokenParts {
  readonly artifacts: Artifacts;
  readonly grants: Grants;
  readonly delegations: Pick<Delegations, 'endTokens'>;
  readonly readClaims: OAuthAuthenticator['readClaims'];
  readonly isForAnotherResource: OAuthAuthenticator['isForAnotherResource'];
}

/**
 * Ends what a token of the provider was made under, for services: the grant, with all its tokens (RFC 7009, section 2.1),
 * or what a client exchanged. A token of a client itself has no grant, and ends alone, where it is kept.
 *
 * @returns whether the text is a token of the provider by its form. Rejects with `SP_TOKEN_TYPE_UNSUPPORTED` for a JWT that
 *   lasts until it expires, whatever is done here, and with `SP_STORE_UNAVAILABLE`.
 */
export async function revokeOAuthToken(
  parts: RevokeOAuthTokenParts,
  text: string,
  context: RequestContext,
): Promise<boolean> {
  const { artifacts, grants, readClaims, isForAnotherResource } = parts;
  const form = formOfToken(text);
  const claims = form === 'refresh-token' ? undefined : await readClaims(text);
  if (claims !== undefined && (await endTokensLike(claims, parts, context))) return true;
  if (form === undefined) {
    if (claims === undefined && !(await isForAnotherResource(text))) return false;
    // 200 would say that it has ended (RFC 7009, section 2.2).
    throw new SallyportError('SP_TOKEN_TYPE_UNSUPPORTED', { reason: 'jwt-without-grant' });
  }
  const kinds =
    form === 'refresh-token' ? (['RefreshToken'] as const) : (['AccessToken', 'ClientCredentials'] as const);
  for (const kind of kinds) {
    const stored = await artifacts.find({ kind, id: text });
    const grantId = stored?.payload['grantId'];
    if (typeof grantId === 'string') await grants.end(grantId, context);
    else if (stored !== null) await artifacts.remove({ kind, id: text });
  }
  return true;
}
