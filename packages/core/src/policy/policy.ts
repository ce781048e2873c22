import { isPermission } from './permission.ts';
import { OptionsError } from '../options/options-error.ts';

/**
 * Which permissions exist, and which role holds which of them when the database is first filled.
 * Afterwards the roles are data that an administrator can change; the file is only their seed.
 */
export interface Policy {
  readonly permissions: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/**
 * Declares a policy: every permission with a sentence that says what it allows, every role with its permissions.
 *
 * @throws OptionsError when a permission is not `resource:action`, or a role names a permission that is not declared.
 */
export function definePolicy<
  const Permissions extends Record<string, string>,
  const Roles extends Record<string, readonly (keyof Permissions & string)[]>,
>(policy: { permissions: Permissions; roles: Roles }): { readonly permissions: Permissions; readonly roles: Roles } {
  for (const permission of Object.keys(policy.permissions)) {
    if (!isPermission(permission)) throw new OptionsError(`"${permission}" is not a permission: write resource:action`);
  }
  for (const [role, held] of Object.entries(policy.roles)) {
    const undeclared = held.filter((permission) => !Object.hasOwn(policy.permissions, permission));
    if (undeclared.length > 0)
      throw new OptionsError(`role "${role}" names undeclared permissions: ${undeclared.join(', ')}`);
  }
  return policy;
}
