import { organizationPermissions, SallyportError, type Policy } from '@sallyport/core';

/** The roles of organizations, as the policy declares them. */
export interface OrganizationRoles {
  readonly names: readonly string[];
  /** The permissions of all these roles together; of a role that is none, there are none. */
  permissionsOf(roles: readonly string[]): ReadonlySet<string>;
  /** Whether these roles make an owner: they let rename and delete the organization. */
  isOwner(roles: readonly string[]): boolean;
  /** Those of these names that are roles. */
  knownAmong(roles: readonly string[]): readonly string[];
  /** @throws `SP_VALIDATION_FAILED` for a name that is no role. */
  requireKnown(roles: readonly string[]): void;
}

/** Builds the roles of organizations of a policy. */
export function createOrganizationRoles({ organizationRoles = {} }: Policy): OrganizationRoles {
  const permissionsOf: OrganizationRoles['permissionsOf'] = (roles) =>
    new Set(roles.flatMap((role) => (Object.hasOwn(organizationRoles, role) ? (organizationRoles[role] ?? []) : [])));
  const knownAmong: OrganizationRoles['knownAmong'] = (roles) =>
    roles.filter((role) => Object.hasOwn(organizationRoles, role));
  return {
    names: Object.keys(organizationRoles),
    permissionsOf,
    isOwner: (roles) => permissionsOf(roles).has(organizationPermissions.manage),
    knownAmong,
    requireKnown(roles) {
      if (knownAmong(roles).length === roles.length) return;
      const errors = [{ field: 'roles', message: 'names a role that organizations do not have' }];
      throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'organization-role-unknown', errors });
    },
  };
}
