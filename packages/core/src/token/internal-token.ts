import * as z from 'zod';
import { assuranceLevels } from '../policy/assurance.ts';
import { credentialKinds, freezePrincipal, type Actor, type Principal } from '../principal/principal.ts';

/** `typ` of an internal token (RFC 9068, section 2.1). */
export const internalTokenType = 'at+jwt';

/** Path, below the public URL, of the issuer of internal tokens. Services and zones trust this issuer only. */
export const internalIssuerPath = '/internal';

/** Path, below the public URL and on the internal listener, of the keys of internal tokens. */
export const internalKeysPath = '/internal/.well-known/jwks.json';

/** Path, on the internal listener alone, of the stream of revocations. */
export const internalRevocationsPath = '/internal/revocations';

/** Below which services get tokens of identity providers for their users, on the internal listener alone. */
export const internalProviderTokensPath = '/internal/provider-tokens';

/** The longest token that a verifier looks at, in characters. */
export const maximumTokenLength = 8192;

/** Who acts, and who acted before. */
export interface ActorClaim {
  readonly sub: string;
  readonly act?: ActorClaim | undefined;
}

const actorClaimSchema: z.ZodType<ActorClaim> = z.lazy(() =>
  z.object({ sub: z.string().min(1), act: actorClaimSchema.optional() }),
);

/** Claims of a token that the gateway makes for one service or zone. */
export const internalTokenClaimsSchema = z.object({
  iss: z.url(),
  sub: z.string().min(1),
  aud: z.string().min(1),
  exp: z.number().int().positive(),
  iat: z.number().int().positive(),
  jti: z.string().min(1),
  client_id: z.string().min(1),
  sid: z.string().min(1).optional(),
  scope: z.string(),
  roles: z.array(z.string().min(1)),
  org: z.string().min(1).optional(),
  org_roles: z.array(z.string().min(1)).optional(),
  acr: z.enum(assuranceLevels),
  amr: z.array(z.string().min(1)),
  auth_time: z.number().int().nonnegative(),
  gen: z.object({
    s: z.number().int().nonnegative(),
    u: z.number().int().nonnegative(),
    p: z.number().int().nonnegative(),
  }),
  sub_type: z.enum(['user', 'service']),
  cred: z.enum(credentialKinds),
  act: actorClaimSchema.optional(),
  // A confirmation that is not known is not ignored, alone or beside this one: the token would hold without it.
  cnf: z.strictObject({ 'x5t#S256': z.string().regex(/^[A-Za-z0-9_-]{43}$/) }).optional(),
  name: z.string().optional(),
  email: z.string().optional(),
});

/** Claims of an internal token, as `docs/wire/internal-token.md` describes them. Times are seconds since 1970. */
export type InternalTokenClaims = z.infer<typeof internalTokenClaimsSchema>;

/** Which token to make: its principal, issuer, audience and lifetime. */
export interface InternalTokenRequest {
  readonly principal: Principal;
  readonly issuer: string;
  readonly audience: string;
  readonly permissions: readonly string[];
  readonly includeProfile: boolean;
  readonly issuedAt: Date;
  readonly lifetimeSeconds: number;
  readonly tokenId: string;
  /** `x5t#S256` of the certificate over whose connections alone the token holds (RFC 8705). @default it is bound to none */
  readonly boundCertificate?: string | undefined;
}

/** `client_id` of tokens made for a browser session: RFC 9068 requires one, and no OAuth client was involved. */
const browserClientId = 'sallyport-browser';

/** Writes the claims of an internal token. The profile is left out unless the audience asked for it. */
export function toInternalTokenClaims(request: InternalTokenRequest): InternalTokenClaims {
  const { principal } = request;
  const issuedAt = Math.floor(request.issuedAt.getTime() / 1000);
  const profile = request.includeProfile && principal.kind === 'user' ? principal.profile : undefined;
  return {
    iss: request.issuer,
    sub: principal.id,
    aud: request.audience,
    exp: issuedAt + request.lifetimeSeconds,
    iat: issuedAt,
    jti: request.tokenId,
    client_id: principal.clientId ?? browserClientId,
    ...(principal.sid === undefined ? {} : { sid: principal.sid }),
    scope: request.permissions.join(' '),
    roles: [...principal.roles],
    ...(principal.org === undefined ? {} : { org: principal.org, org_roles: [...(principal.orgRoles ?? [])] }),
    acr: principal.acr,
    amr: [...principal.amr],
    auth_time: Math.floor(principal.authTime.getTime() / 1000),
    gen: { s: principal.generation.session, u: principal.generation.user, p: principal.generation.policy },
    sub_type: principal.kind,
    cred: principal.credential,
    ...(principal.actor === undefined ? {} : { act: toActorClaim(principal.actor) }),
    ...(request.boundCertificate === undefined ? {} : { cnf: { 'x5t#S256': request.boundCertificate } }),
    ...(profile === undefined ? {} : { name: profile.name, email: profile.email }),
  };
}

/** Reads a principal from verified claims. */
export function toPrincipal(claims: InternalTokenClaims): Principal {
  const base = {
    id: claims.sub,
    clientId: claims.client_id,
    ...(claims.sid === undefined ? {} : { sid: claims.sid }),
    roles: claims.roles,
    permissions: claims.scope === '' ? [] : claims.scope.split(' '),
    // Roles of no organization are none.
    ...(claims.org === undefined ? {} : { org: claims.org, orgRoles: claims.org_roles ?? [] }),
    acr: claims.acr,
    amr: claims.amr,
    authTime: new Date(claims.auth_time * 1000),
    credential: claims.cred,
    ...(claims.act === undefined ? {} : { actor: toActor(claims.act) }),
    ...(claims.cnf === undefined ? {} : { boundCertificate: claims.cnf['x5t#S256'] }),
    generation: { session: claims.gen.s, user: claims.gen.u, policy: claims.gen.p },
  };
  if (claims.sub_type === 'service') return freezePrincipal({ kind: 'service', ...base });
  const { name, email } = claims;
  return freezePrincipal({
    kind: 'user',
    ...base,
    ...(name === undefined || email === undefined ? {} : { profile: { name, email } }),
  });
}

function toActorClaim(actor: Actor): ActorClaim {
  return actor.actor === undefined ? { sub: actor.id } : { sub: actor.id, act: toActorClaim(actor.actor) };
}

function toActor(claim: ActorClaim): Actor {
  return claim.act === undefined ? { id: claim.sub } : { id: claim.sub, actor: toActor(claim.act) };
}
