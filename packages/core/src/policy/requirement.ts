import type { Anonymous, Principal } from '../principal/principal.ts';

/** What a route, a handler or a page asks of its caller. All named parts must hold; within a list of roles one is enough. */
export interface Requirement {
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
  /** One of these permissions. */
  readonly anyPermission?: readonly string[];
}

/** Why a requirement was not met. The reason is a stable code for logs and for the "behind the door" page. */
export type RequirementOutcome =
  | { readonly kind: 'met' }
  | { readonly kind: 'not-met'; readonly reason: 'not-signed-in' | 'role-missing' | 'permission-missing' };

const met: RequirementOutcome = { kind: 'met' };

/**
 * Checks a requirement against a caller, from the caller alone: what needs the record belongs to the service.
 *
 * An empty requirement is met by anyone who is known, never by an anonymous caller.
 */
export function checkRequirement(
  caller: Anonymous | Pick<Principal, 'kind' | 'roles' | 'permissions'>,
  requirement: Requirement,
): RequirementOutcome {
  if (caller.kind === 'anonymous') return { kind: 'not-met', reason: 'not-signed-in' };
  const { roles, permissions, anyPermission } = requirement;
  if (roles !== undefined && !roles.some((role) => caller.roles.includes(role))) {
    return { kind: 'not-met', reason: 'role-missing' };
  }
  if (permissions !== undefined && !permissions.every((permission) => caller.permissions.includes(permission))) {
    return { kind: 'not-met', reason: 'permission-missing' };
  }
  if (anyPermission !== undefined && !anyPermission.some((permission) => caller.permissions.includes(permission))) {
    return { kind: 'not-met', reason: 'permission-missing' };
  }
  return met;
}
