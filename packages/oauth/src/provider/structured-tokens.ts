import type { Authenticator, RequestContext } from '@sallyport/core';
import type { AccessTokenClaims } from './access-token-claims.ts';
import type { Delegations } from './delegations.ts';
import type { Grants } from './grants.ts';
import { endTokensLike } from './end-tokens.ts';
import type { OAuthAuthenticator } from './oauth-authenticator.ts';

/** What is told of an access token to the client that it was given to (RFC 7662, section 2.2). */
export type StructuredTokenAnswer = { readonly active: false } | (Readonly<Record<string, unknown>> & { active: true });

/** What became of an access token that its client gives up. */
export type StructuredTokenEnd = 'ended' | 'not-its-own' | 'cannot-be-ended';

/**
 * Answers clients about their access tokens that are JWTs (RFC 9068). The library keeps nothing of them and refuses to speak
 * of them, though they have an end: that of the grant, the session and the client that they name.
 */
export interface StructuredTokens {
  /**
   * Of a token of the client that the gateway would take, what it says. Of everything else the same: no token, one that
   * expired or ended, one of another client, and one for another resource, of which nothing here says whether it ended.
   */
  introspect(token: string, clientId: string): Promise<StructuredTokenAnswer>;
  /** Ends the grant of a token, with all of its tokens (RFC 7009, section 2.1). Of what is no token there is nothing to end. */
  revoke(token: string, clientId: string, context: RequestContext): Promise<StructuredTokenEnd>;
}

export interface StructuredTokensParts extends Pick<OAuthAuthenticator, 'readClaims' | 'isForAnotherResource'> {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly grants: Pick<Grants, 'end' | 'clientOf'>;
  readonly delegations: Pick<Delegations, 'endTokens'>;
  readonly publicOrigin: string;
}

const inactive = { active: false } as const;

/** Builds it on what the gateway judges such tokens with. */
export function createStructuredTokens(parts: StructuredTokensParts): StructuredTokens {
  const { readClaims, isForAnotherResource, authenticator, publicOrigin } = parts;
  return {
    async introspect(token, clientId) {
      const claims = await readClaims(token);
      if (claims?.client_id !== clientId) return inactive;
      const outcome = await authenticator.authenticate(token);
      return outcome.kind === 'authenticated' ? toActive(claims, publicOrigin) : inactive;
    },
    async revoke(token, clientId, context) {
      const claims = await readClaims(token);
      if (claims === undefined) return (await isForAnotherResource(token)) ? 'cannot-be-ended' : 'ended';
      if (claims.client_id !== clientId) return 'not-its-own';
      // A token of the client itself has no grant: it lasts for the minutes that it says.
      return (await endTokensLike(claims, parts, context)) ? 'ended' : 'cannot-be-ended';
    },
  };
}

/** The members that the library has of an opaque token. In which session of the gateway it was made is no news for clients. */
function toActive(claims: AccessTokenClaims, publicOrigin: string): StructuredTokenAnswer {
  const { sub, client_id, aud, scope, exp, iat, sub_type, acr, amr, auth_time, cnf, act } = claims;
  const proof = sub_type === 'service' ? {} : { acr, amr, auth_time };
  return {
    active: true,
    sub,
    client_id,
    exp,
    iat,
    iss: publicOrigin,
    aud,
    ...(scope === '' ? {} : { scope }),
    token_type: cnf?.jkt === undefined ? 'Bearer' : 'DPoP',
    ...(cnf === undefined ? {} : { cnf }),
    sub_type,
    ...proof,
    ...(act === undefined ? {} : { act }),
  };
}
