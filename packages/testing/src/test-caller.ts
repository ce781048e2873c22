import {
  freezePrincipal,
  readClientCertificate,
  type AssuranceLevel,
  type CredentialKind,
  type Principal,
  type Profile,
  type UserPrincipal,
} from '@sallyport/core';

/** Whom a token is about, and for how long it is good. What is left out is that of an ordinary user `user-1`. */
export interface TestCaller {
  /** @default 'user', or 'service' for a `credential` of machines */
  readonly kind?: 'user' | 'service';
  /** @default 'user-1' */
  readonly id?: string;
  /** @default [] */
  readonly roles?: readonly string[];
  /** @default those that the issuer knows for the roles, and for the roles inside the organization */
  readonly permissions?: readonly string[];
  readonly sid?: string;
  /** The organization that is active. @default none */
  readonly org?: string;
  /** Roles inside it. @default [] */
  readonly orgRoles?: readonly string[];
  /** Name and address, as for a route with `profile: true`. */
  readonly profile?: Profile;
  /** @default 'pwd' */
  readonly acr?: AssuranceLevel;
  /** @default now */
  readonly authTime?: Date;
  /** @default 'session' */
  readonly credential?: CredentialKind;
  /** PEM of the certificate over whose connections alone the token counts (RFC 8705). @default it is bound to none */
  readonly certificate?: string;
  /** Who calls for the subject: a zone or service of this name. */
  readonly actor?: string;
  /** A token of 0 or less has expired. @default 60 */
  readonly expiresInSeconds?: number;
}

/** Credentials that only machines present. */
const machineCredentials: ReadonlySet<CredentialKind | undefined> = new Set(['api-key', 'mtls', 'webhook']);

/** How long an internal token lives by default. */
const defaultLifetimeSeconds = 60;

/** What a token says of its caller. */
export interface CallerTokenRequest {
  readonly principal: Principal;
  readonly permissions: readonly string[];
  readonly includeProfile: boolean;
  readonly issuedAt: Date;
  readonly lifetimeSeconds: number;
  readonly boundCertificate?: string | undefined;
}

/** Which permissions come with which role. Where none is known, every name is taken. */
export interface KnownRoles {
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly organizationRoles: Readonly<Record<string, readonly string[]>>;
}

/** @throws TypeError for a role that is not among those that are known, where any are, and for `orgRoles` without `org`. */
export function toTokenRequest(caller: TestCaller, known: KnownRoles): CallerTokenRequest {
  const {
    roles = [],
    orgRoles = [],
    expiresInSeconds = defaultLifetimeSeconds,
    actor,
    profile,
    certificate,
    ...changes
  } = caller;
  const { kind = machineCredentials.has(caller.credential) ? 'service' : 'user' } = caller;
  if (orgRoles.length > 0 && caller.org === undefined)
    throw new TypeError('a caller holds orgRoles in an organization: name it, { org, orgRoles }');
  const permissions = caller.permissions ?? [
    ...new Set([...permissionsOf(roles, known.roles), ...permissionsOf(orgRoles, known.organizationRoles)]),
  ];
  // A token that has expired was made before it did.
  const issuedAt = expiresInSeconds > 0 ? Date.now() : Date.now() + (expiresInSeconds - defaultLifetimeSeconds) * 1000;
  const principal = {
    ...createTestPrincipal(),
    ...changes,
    amr: caller.acr === 'mfa' ? ['pwd', 'otp', 'mfa'] : ['pwd'],
    kind,
    roles,
    permissions,
    ...(caller.org === undefined ? {} : { orgRoles }),
    ...(actor === undefined ? {} : { actor: { id: actor } }),
    ...(profile === undefined ? {} : { profile }),
  } as Principal; // Members of either kind, which the caller of this function put together.
  return {
    principal,
    permissions,
    includeProfile: profile !== undefined,
    issuedAt: new Date(issuedAt),
    lifetimeSeconds: expiresInSeconds > 0 ? expiresInSeconds : defaultLifetimeSeconds,
    boundCertificate: certificate === undefined ? undefined : readClientCertificate(certificate).thumbprint,
  };
}

function permissionsOf(
  roles: readonly string[],
  known: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  if (Object.keys(known).length === 0) return [];
  return roles.flatMap((role) => {
    const permissions = Object.hasOwn(known, role) ? known[role] : undefined;
    // A misspelt role would otherwise make a token without permissions, and a test that passes for no reason.
    if (permissions === undefined) throw new TypeError(`the test issuer knows no role "${role}"`);
    return permissions;
  });
}

/** A signed-in person, for tests that need a principal and no token. */
export function createTestPrincipal(changes: Partial<UserPrincipal> = {}): UserPrincipal {
  return freezePrincipal<UserPrincipal>({
    kind: 'user',
    id: 'user-1',
    sid: 'session-1',
    roles: ['user'],
    permissions: [],
    acr: 'pwd',
    amr: ['pwd'],
    authTime: new Date(),
    credential: 'session',
    generation: { session: 1, user: 1, policy: 1 },
    ...changes,
  });
}
