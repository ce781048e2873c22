import { problemsOfOrganizationRoles } from './organization-roles.ts';
import { isPermission } from './permission.ts';
import { OptionsError } from '../options/options-error.ts';

/**
 * Which permissions exist, and which role holds which of them when the database is first filled.
 * Afterwards the roles are data that an administrator can change; the file is only their seed.
 */
export interface Policy {
  readonly permissions: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /**
   * Roles inside an organization: apart from `roles`, and of the file alone. Without any there are no organizations.
   */
  readonly organizationRoles?: Readonly<Record<string, readonly string[]>> | undefined;
  /**
   * Who has the last word on roles once they are stored: those who edit them at run time, or the file, which is applied at
   * each start.
   *
   * @default 'database'
   */
  readonly source?: 'database' | 'file' | undefined;
}

/**
 * Declares a policy: every permission with a sentence that says what it allows, every role with its permissions.
 *
 * @throws OptionsError when a permission is not `resource:action`, a role names a permission that is not declared, or a
 *   role of organizations is none, as `problemsOfOrganizationRoles` says.
 */
export function definePolicy<
  const Permissions extends Record<string, string>,
  const Roles extends Record<string, readonly (keyof Permissions & string)[]>,
  const OrganizationRoles extends Record<string, readonly (keyof Permissions & string)[]> = Record<never, never>,
>(policy: {
  permissions: Permissions;
  roles: Roles;
  organizationRoles?: OrganizationRoles;
  source?: 'database' | 'file';
}): {
  readonly permissions: Permissions;
  readonly roles: Roles;
  readonly organizationRoles?: OrganizationRoles;
  readonly source?: 'database' | 'file';
} {
  const { permissions, roles } = policy;
  const organizationRoles: Readonly<Record<string, readonly string[]>> = policy.organizationRoles ?? {};
  for (const permission of Object.keys(permissions)) {
    if (!isPermission(permission)) throw new OptionsError(`"${permission}" is not a permission: write resource:action`);
  }
  for (const [role, held] of [...Object.entries(roles), ...Object.entries(organizationRoles)]) {
    const undeclared = held.filter((permission) => !Object.hasOwn(permissions, permission));
    if (undeclared.length > 0)
      throw new OptionsError(`role "${role}" names undeclared permissions: ${undeclared.join(', ')}`);
  }
  const [problem] = problemsOfOrganizationRoles(organizationRoles);
  if (problem !== undefined) throw new OptionsError(`organizationRoles${problem.role} ${problem.message}`);
  return policy;
}
