import * as z from 'zod';
import type { Principal } from '../principal/principal.ts';
import { toConfirmationClaim, type TokenConfirmation } from './token-confirmation.ts';
import { internalTokenClaimsSchema, toInternalTokenClaims, toPrincipal } from './internal-token.ts';

/** Path, below the public URL, where services ask about tokens (RFC 7662). */
export const introspectionPath = '/oauth2/introspect';

/** Path, below the public URL, where services give up tokens (RFC 7009). */
export const tokenRevocationPath = '/oauth2/revoke';

/** What a service may do with tokens by a permission of its own: `<audience>:introspect`, `<audience>:revoke`. */
export type TokenAction = 'introspect' | 'revoke';

/** The permission that a key needs to ask about tokens, or to give them up, as a service. */
export function tokenPermission(audience: string, action: TokenAction): string {
  return `${audience}:${action}`;
}

/** The answer about every token that the caller may not know of, or that is worth nothing: which of both, it does not say. */
export const inactiveToken = '{"active":false}';

/** What an answer about a token is made from. */
export interface ActiveTokenRequest {
  readonly principal: Principal;
  /** The origin that issued the token. */
  readonly issuer: string;
  /** The service that asks. */
  readonly audience: string;
  readonly permissions: readonly string[];
  readonly includeProfile: boolean;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** What the token is bound to. */
  readonly confirmation?: TokenConfirmation | undefined;
}

/** The claims of an internal token, but for those that say of the token itself when it was made and which it is. */
const activeSchema = internalTokenClaimsSchema.omit({ iat: true, jti: true }).extend({
  active: z.literal(true),
  token_type: z.string().optional(),
  /** Not read: that it is there says that a proof is needed, of whatever it names. */
  cnf: z.unknown().optional(),
});
const answerSchema = z.union([z.object({ active: z.literal(false) }), activeSchema]);

/** What an answer says. */
export type IntrospectedToken =
  | { readonly kind: 'inactive' }
  | {
      readonly kind: 'active';
      readonly principal: Principal;
      readonly audience: string;
      /** Seconds since 1970. */
      readonly expiresAt: number;
      /** Whether the token is bound to a key, so that it is worth nothing without a proof of it (RFC 7800, RFC 9449). */
      readonly isBound: boolean;
    };

/**
 * Writes the answer about a token that is good: what an internal token for this service would say, so that the caller of
 * a service is the same whichever way it comes.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7662#section-2.2 RFC 7662, section 2.2}
 */
export function toActiveAnswer(request: ActiveTokenRequest): string {
  const { expiresAt, confirmation } = request;
  const {
    iat: _iat,
    jti: _jti,
    ...claims
  } = toInternalTokenClaims({
    ...request,
    issuedAt: new Date(expiresAt * 1000),
    lifetimeSeconds: 0,
    tokenId: '',
  });
  const isDpop = confirmation !== undefined && 'jkt' in confirmation;
  const bound = confirmation === undefined ? {} : { cnf: toConfirmationClaim(confirmation) };
  return JSON.stringify({ active: true, token_type: isDpop ? 'DPoP' : 'Bearer', ...claims, ...bound });
}

/** Reads an answer. @throws ZodError for one that is none. */
export function parseIntrospectionAnswer(value: unknown): IntrospectedToken {
  const answer = answerSchema.parse(value);
  if (!answer.active) return { kind: 'inactive' };
  const { cnf, token_type: type = 'Bearer', ...claims } = answer;
  const { aud: audience, exp: expiresAt } = claims;
  const isBound = cnf !== undefined || type.toLowerCase() !== 'bearer';
  const principal = toPrincipal({ ...claims, iat: expiresAt, jti: '-' });
  return { kind: 'active', principal, audience, expiresAt, isBound };
}
