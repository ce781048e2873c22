import type { Anonymous, Principal } from '../principal/principal.ts';

/** What a route, a handler or a page asks of its caller. All named parts must hold; within a list of roles one is enough. */
export interface Requirement {
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
  /** One of these permissions. */
  readonly anyPermission?: readonly string[];
  /** That an organization is active, whichever it is. */
  readonly org?: true;
  /** One of these roles inside the active organization. Roles of the whole deployment are none of them. */
  readonly orgRoles?: readonly string[];
}

/** Why a requirement was not met. The reason is a stable code for logs and for the "behind the door" page. */
export type RequirementOutcome = { readonly kind: 'met' } | { readonly kind: 'not-met'; readonly reason: UnmetReason };

/** What of a requirement was not met. */
export type UnmetReason =
  'not-signed-in' | 'role-missing' | 'permission-missing' | 'organization-missing' | 'organization-role-missing';

const met: RequirementOutcome = { kind: 'met' };

/**
 * Checks a requirement against a caller, from the caller alone: what needs the record belongs to the service.
 *
 * An empty requirement is met by anyone who is known, never by an anonymous caller.
 */
export function checkRequirement(
  caller: Anonymous | Pick<Principal, 'kind' | 'roles' | 'permissions' | 'org' | 'orgRoles'>,
  requirement: Requirement,
): RequirementOutcome {
  if (caller.kind === 'anonymous') return { kind: 'not-met', reason: 'not-signed-in' };
  const { roles, permissions, anyPermission, org, orgRoles } = requirement;
  if (roles !== undefined && !roles.some((role) => caller.roles.includes(role))) {
    return { kind: 'not-met', reason: 'role-missing' };
  }
  if (permissions !== undefined && !permissions.every((permission) => caller.permissions.includes(permission))) {
    return { kind: 'not-met', reason: 'permission-missing' };
  }
  if (anyPermission !== undefined && !anyPermission.some((permission) => caller.permissions.includes(permission))) {
    return { kind: 'not-met', reason: 'permission-missing' };
  }
  // Without an organization there is nothing inside which a role could be held, whatever else the caller brings.
  if ((org === true || orgRoles !== undefined) && caller.org === undefined)
    return { kind: 'not-met', reason: 'organization-missing' };
  if (orgRoles !== undefined && !orgRoles.some((role) => caller.orgRoles?.includes(role) === true))
    return { kind: 'not-met', reason: 'organization-role-missing' };
  return met;
}
