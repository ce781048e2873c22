import { freezePrincipal, type Actor, type Principal } from '@sallyport/core';

/** What a token says that a zone or a service presents for its user. */
export interface PresentedToken {
  /** The audience that the token was made for: the caller that presents it. */
  readonly audience: string;
  readonly permissions: readonly string[];
  readonly hasProfile: boolean;
  /** Who acted before. */
  readonly actor?: Actor | undefined;
}

/**
 * The user as a call for them says: the session as it is now, narrowed to what the presented token said. A chain of
 * calls never widens: each link has the permissions of the one before or fewer, and the profile only where that had it.
 */
export function toExchangedCaller(principal: Principal, presented: PresentedToken): Principal {
  const { audience, hasProfile, actor } = presented;
  const held = new Set(presented.permissions);
  const narrowed = {
    ...principal,
    permissions: principal.permissions.filter((permission) => held.has(permission)),
    actor: actor === undefined ? { id: audience } : { id: audience, actor },
  };
  if (narrowed.kind === 'service' || hasProfile) return freezePrincipal<Principal>(narrowed);
  const { profile: _, ...rest } = narrowed;
  return freezePrincipal<Principal>(rest);
}
