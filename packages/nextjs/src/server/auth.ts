import 'server-only';
import {
  anonymous,
  checkRequirement,
  createRemoteKeySource,
  createSharedSecretSource,
  createTokenVerifier,
  internalIssuerPath,
  internalKeysPath,
  parseBearerToken,
  SallyportError,
  type Actor,
  type AssuranceLevel,
  type Caller,
  type Principal,
  type Requirement,
  type VerifyToken,
} from '@sallyport/core';
import { cache } from 'react';
import { headersOfRequest } from './request-headers.ts';
import { loadZoneEnvironment, type ZoneEnvironment } from './zone-environment.ts';

/** No user is signed in: the gateway attached no token. */
export interface SignedOutAuth {
  readonly status: 'signed-out';
}

/** The user of the gateway's token. Holds no token and cannot be passed to a client component: see `clientAuth`. */
export interface SignedInAuth {
  readonly status: 'signed-in';
  readonly userId: string;
  /** Public handle of the session; absent when the request came with another credential than the session cookie. */
  readonly sessionId?: string;
  readonly roles: readonly string[];
  /** The permissions in which this application's route declares an interest. */
  readonly permissions: readonly string[];
  /** Id of the organization that is active in this session. Ask for one with `requireAuth({ org: true })`. */
  readonly org?: string;
  /** Roles inside it, apart from `roles`; absent where none is active. */
  readonly orgRoles?: readonly string[];
  readonly acr: AssuranceLevel;
  readonly amr: readonly string[];
  readonly authTime: Date;
  /** Present when the route asks for the profile (`profile: true`). */
  readonly name?: string;
  readonly email?: string;
  /** The party that really acts, when it acts for this user. */
  readonly actor?: Actor;
  /** Says whether the person holds one of the roles and all of the permissions, and the same inside the organization. */
  has(requirement: Requirement): boolean;
}

/** Who is asking. */
export type Auth = SignedOutAuth | SignedInAuth;

/** The principals that `auth()` verified, by what it said of them. */
const principals = new WeakMap<Auth, Principal>();

const signedOut: SignedOutAuth = Object.freeze({ status: 'signed-out' });

let verifier: { readonly key: string; readonly verify: VerifyToken } | undefined;

/**
 * Says who is asking, from the token that the gateway attached to this request.
 *
 * The token is verified here (signature, issuer, audience, expiry), so an application that is reached around the gateway
 * accepts no forged identity. No network call per request, no cookie, never a write; once per request within a render.
 *
 * @returns `signed-out` only when there is no token at all.
 * @throws SallyportConfigurationError when the environment is incomplete; `SP_TOKEN_INVALID`, `SP_TOKEN_EXPIRED`,
 *   `SP_KEYS_UNAVAILABLE`, or `SP_FORBIDDEN` when a machine calls a page. Anything doubtful throws: it is never an object.
 */
export const auth: () => Promise<Auth> = cache(async function auth(): Promise<Auth> {
  // First, and awaited outside any try: Next learns here that the page depends on the request.
  const incoming = await headersOfRequest('auth');
  const verify = verifierFor(loadZoneEnvironment());
  const token = parseBearerToken(incoming.get('authorization'));
  if (token === undefined) return signedOut;
  return toSignedInAuth(await verify(token));
});

function verifierFor(environment: ZoneEnvironment): VerifyToken {
  const { publicUrl, internalUrl, audience, tokenSecret } = environment;
  const key = JSON.stringify([publicUrl, internalUrl, audience, tokenSecret]);
  if (verifier?.key !== key) {
    const keys =
      tokenSecret === undefined
        ? createRemoteKeySource({ url: `${internalUrl}${internalKeysPath}` })
        : createSharedSecretSource(tokenSecret);
    const { verify } = createTokenVerifier({ issuer: `${publicUrl}${internalIssuerPath}`, audience, keys });
    verifier = { key, verify };
  }
  return verifier.verify;
}

function toSignedInAuth(principal: Principal): SignedInAuth {
  // RFC 8705, section 3: it counts over connections with its certificate alone, and a server of Next.js shows none.
  if (principal.boundCertificate !== undefined)
    throw new SallyportError('SP_TOKEN_INVALID', { reason: 'token-bound-to-a-certificate' });
  if (principal.kind === 'service') throw new SallyportError('SP_FORBIDDEN', { reason: 'machine-at-a-page' });
  const { id, sid, roles, permissions, org, orgRoles = [], acr, amr, authTime, profile, actor } = principal;
  const known: SignedInAuth = Object.freeze({
    status: 'signed-in',
    userId: id,
    ...(sid === undefined ? {} : { sessionId: sid }),
    roles,
    permissions,
    ...(org === undefined ? {} : { org, orgRoles }),
    acr,
    amr,
    authTime,
    ...(profile === undefined ? {} : { name: profile.name, email: profile.email }),
    ...(actor === undefined ? {} : { actor }),
    has: (requirement: Requirement) => checkRequirement(principal, requirement).kind === 'met',
  });
  principals.set(known, principal);
  return known;
}

/**
 * The caller that a policy is asked about.
 *
 * @throws TypeError for what `auth()` did not make: it may say anything.
 */
export function callerOf(known: Auth): Caller {
  if (known.status === 'signed-out') return anonymous;
  const principal = principals.get(known);
  if (principal === undefined)
    throw new TypeError('auth() did not make this: pass what it resolved to, and no copy of it');
  return principal;
}
