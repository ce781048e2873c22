import { freezePrincipal, type Actor, type Principal } from '@sallyport/core';

/** What a token says that a zone or a service presents for its user. */
export interface PresentedToken extends Pick<Principal, 'credential' | 'acr' | 'amr' | 'authTime'> {
  /** The audience that the token was made for: the caller that presents it. */
  readonly audience: string;
  readonly clientId?: string | undefined;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly org?: string | undefined;
  readonly orgRoles?: readonly string[] | undefined;
  readonly hasProfile: boolean;
  /** Who acted before. */
  readonly actor?: Actor | undefined;
}

/**
 * The user as a call for them says: the session as it is now, narrowed to what the presented token said. A chain of
 * calls never widens: each link has the roles and permissions of the one before or fewer, and the profile only where that
 * had it. It stays that of the same client and the same sign-in: the session of an OAuth client's user is that of the
 * browser, where more may have been proved than was to the client.
 */
export function toExchangedCaller(principal: Principal, presented: PresentedToken): Principal {
  const { audience, clientId, credential, acr, amr, authTime, hasProfile, actor } = presented;
  const { org, orgRoles = [], ...withoutOrganization } = principal;
  const narrowed = {
    ...withoutOrganization,
    ...(credential === 'session' || clientId === undefined ? {} : { clientId }),
    credential,
    acr,
    amr,
    authTime,
    roles: bothOf(principal.roles, presented.roles),
    // Never in an organization that the presented token did not name.
    ...(org === undefined || org !== presented.org
      ? {}
      : { org, orgRoles: bothOf(orgRoles, presented.orgRoles ?? []) }),
    permissions: bothOf(principal.permissions, presented.permissions),
    actor: actor === undefined ? { id: audience } : { id: audience, actor },
  };
  if (narrowed.kind === 'service' || hasProfile) return freezePrincipal<Principal>(narrowed);
  const { profile: _, ...rest } = narrowed;
  return freezePrincipal<Principal>(rest);
}

function bothOf(one: readonly string[], other: readonly string[]): readonly string[] {
  const inOther = new Set(other);
  return one.filter((value) => inOther.has(value));
}
