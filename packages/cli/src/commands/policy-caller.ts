import { exitCodes, nearestWord, UsageError, type Records } from '@sallyport/core';
import { createMemberTable, readStoredRoles, requireUser, type User } from '@sallyport/identity';
import type { AnyPolicy, PolicyCaller } from '@sallyport/policy';
import type { CommandCall } from '../command.ts';
import { withStores } from '../open-system.ts';
import { toPlainText } from '../table.ts';

/** An organization that is active for the caller, and the roles inside it. */
export interface GivenOrganization {
  readonly org: string | undefined;
  /** Absent where those count that are stored. */
  readonly orgRoles: readonly string[] | undefined;
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
  const [user] = users;
  if (user === undefined) throw new TypeError('The work of withServices was not done');
  const { id, roles } = user;
  const permissions: string[] = [];
  const memberRoles: string[] = [];
  await withStores(call.terminal, 'reads', async ({ stores }) => {
    const { permissionsByRole } = await readStoredRoles(stores.database.records);
    permissions.push(...permissionsOf(roles, Object.fromEntries(permissionsByRole)));
    if (organization.org !== undefined && organization.orgRoles === undefined)
      memberRoles.push(...(await rolesOfMember(stores.database.records, policy, organization.org, id)));
    return exitCodes.done;
  });
  return toCaller(policy, { id, roles }, permissions, {
    ...organization,
    orgRoles: organization.orgRoles ?? memberRoles,
  });
}

/** @throws UsageError for a user who is no member; what there is of an organization is said to no one else either. */
async function rolesOfMember(records: Records, policy: AnyPolicy, org: string, id: string): Promise<readonly string[]> {
  // Without them there are no tables of organizations either.
  const member =
    Object.keys(policy.organizationRoles).length === 0 ? null : await createMemberTable(records).find(org, id);
  if (member === null)
    throw new UsageError(
      'The user is no member of this organization. --org-roles says what would be if the user were.',
      exitCodes.refused,
    );
  // A role that the policy does not have any more gives nothing.
  return member.roles.filter((role) => Object.hasOwn(policy.organizationRoles, role));
}

type PermissionsByRole = Readonly<Record<string, readonly string[]>>;

function toCaller(
  policy: AnyPolicy,
  { id, roles }: { readonly id: string; readonly roles: readonly string[] },
  permissions: readonly string[],
  { org, orgRoles = [] }: GivenOrganization,
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
