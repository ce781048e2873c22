import type { AccessToken, ClientCredentials, KoaContextWithOIDC } from 'oidc-provider';
import { toTokenConfirmation } from '@sallyport/core';
import * as z from 'zod';
import { actorClaimSchema } from './actor-chain.ts';
import { exchangedClaimsOf } from './exchanged-tokens.ts';
import { isOwnAudience, type ProviderResourceParts } from './provider-resources.ts';
import type { SealedSignIns } from './sealed-sign-ins.ts';

const thumbprint = z.string().min(1).optional();
const confirmationSchema = z
  .strictObject({ jkt: thumbprint, 'x5t#S256': thumbprint })
  .refine((claim) => toTokenConfirmation(claim) !== undefined, 'names no key');

/** What an access token for the gateway says beside what RFC 9068 has it say. */
export const accessTokenClaimsSchema = z.object({
  sub: z.string().min(1),
  client_id: z.string().min(1),
  /** The gateway, or one of its routes. */
  aud: z.string().min(1),
  scope: z.string().default(''),
  exp: z.number().int(),
  iat: z.number().int(),
  sub_type: z.enum(['user', 'service']),
  /** The session of the gateway in which its user signed in. */
  sid: z.string().min(1).optional(),
  /** The grant that it was made under. */
  grant: z.string().min(1).optional(),
  acr: z.string().optional(),
  amr: z.array(z.string()).default([]),
  auth_time: z.number().int().nonnegative().default(0),
  /** What it is bound to. A token that is bound to what is not known here is no token. */
  cnf: confirmationSchema.optional(),
  /** Who acts for the user, in a token of token exchange (RFC 8693, section 4.1). */
  act: actorClaimSchema.optional(),
});

/** The claims of an access token for the gateway. */
export type AccessTokenClaims = z.output<typeof accessTokenClaimsSchema>;

/** What the claims of a new token are made with. */
export interface ExtraClaimParts extends Pick<ProviderResourceParts, 'publicOrigin' | 'protectedResources'> {
  /** Seals the sign-in for tokens of other resources. */
  readonly signIns: Pick<SealedSignIns, 'seal'>;
}

/**
 * Says how its user signed in (RFC 9068, section 2.2.1), and to the gateway alone in which session: other resources learn
 * nothing that would tell their users apart by more than the subject. For them it is sealed, for a token exchange.
 */
export function toExtraClaims(
  { oidc }: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
  parts: ExtraClaimParts,
): Record<string, unknown> {
  const isForGateway = typeof token.aud === 'string' && isOwnAudience(token.aud, parts);
  if (token.kind === 'ClientCredentials') return isForGateway ? { sub_type: 'service' } : {};
  const source = oidc.entities.AuthorizationCode ?? oidc.entities.DeviceCode ?? oidc.entities.RefreshToken;
  const proof = exchangedClaimsOf(token) ?? toProof(source);
  const { sessionUid: sid, grantId: grant } = token;
  if (isForGateway) return { sub_type: 'user', sid, grant, ...proof };
  // Without an audience it is for userinfo alone.
  if (token.aud === undefined || sid === undefined) return proof;
  return { ...proof, sign_in: parts.signIns.seal({ sid, grant }, token.jti) };
}

interface TokenSource {
  readonly acr?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  readonly authTime?: number | undefined;
}

function toProof(source: TokenSource | undefined): Record<string, unknown> {
  const { acr, amr, authTime } = source ?? {};
  return { acr, amr, auth_time: authTime };
}
