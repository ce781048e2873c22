import { exitCodes, nearestWord, UsageError } from '@sallyport/core';
import { readStoredRoles, requireUser, type User } from '@sallyport/identity';
import type { AnyPolicy, PolicyCaller } from '@sallyport/policy';
import type { CommandCall } from '../command.ts';
import { withStores } from '../open-system.ts';
import { toPlainText } from '../table.ts';

/** An organization that is active for the caller, and the roles inside it. */
export interface GivenOrganization {
  readonly org: string | undefined;
  readonly orgRoles: readonly string[];
}

/** A caller with roles of the policy file, as if an account had them. @throws UsageError for a role that it does not declare. */
export function givenCaller(
  policy: AnyPolicy,
  given: GivenOrganization & { readonly id: string; readonly roles: readonly string[] },
): PolicyCaller {
  const { id, roles, ...organization } = given;
  requireRoles(roles, policy.roles);
  return toCaller(policy, { id, roles }, permissionsOf(roles, policy.roles), organization);
}

/**
 * An account, with its roles and what these hold in the database.
 *
 * @throws UsageError when no account has the address.
 */
export async function storedCaller(
  call: CommandCall,
  policy: AnyPolicy,
  { email, ...organization }: GivenOrganization & { readonly email: string },
): Promise<PolicyCaller> {
  const users: User[] = [];
  await call.withServices('reads', async ({ accounts }) => {
    users.push(await requireUser(accounts, email));
    return exitCodes.done;
  });
  const permissions: string[] = [];
  const roles = users.flatMap((user) => user.roles);
  await withStores(call.terminal, 'reads', async ({ stores }) => {
    const { permissionsByRole } = await readStoredRoles(stores.database.records);
    permissions.push(...permissionsOf(roles, Object.fromEntries(permissionsByRole)));
    return exitCodes.done;
  });
  return toCaller(policy, { id: users[0]?.id ?? '', roles }, permissions, organization);
}

type PermissionsByRole = Readonly<Record<string, readonly string[]>>;

function toCaller(
  policy: AnyPolicy,
  { id, roles }: { readonly id: string; readonly roles: readonly string[] },
  permissions: readonly string[],
  { org, orgRoles }: GivenOrganization,
): PolicyCaller {
  requireRoles(orgRoles, policy.organizationRoles);
  const held = [...permissions, ...permissionsOf(orgRoles, policy.organizationRoles)];
  return {
    kind: 'user',
    id,
    roles,
    permissions: [...new Set(held)].toSorted(),
    ...(org === undefined ? {} : { org, orgRoles }),
  };
}

function permissionsOf(roles: readonly string[], permissionsByRole: PermissionsByRole): readonly string[] {
  return roles.flatMap((role) => (Object.hasOwn(permissionsByRole, role) ? (permissionsByRole[role] ?? []) : []));
}

function requireRoles(roles: readonly string[], declared: PermissionsByRole): void {
  const unknown = roles.find((role) => !Object.hasOwn(declared, role));
  if (unknown === undefined) return;
  const known = Object.keys(declared);
  const nearest = nearestWord(unknown, known);
  const advice = nearest === undefined ? `There are: ${known.join(', ') || 'none'}.` : `Did you mean ${nearest}?`;
  throw new UsageError(`The policy has no role "${toPlainText(unknown)}". ${advice}`, exitCodes.usage);
}
