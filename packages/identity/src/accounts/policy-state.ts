import { setTimeout as sleep } from 'node:timers/promises';
import type { Policy, Records } from '@sallyport/core';
import { readAppliedRoles } from './applied-roles.ts';
import type { PermissionsByRole } from './role-authority.ts';
import { compareRoleMaps, compareRoles, type RoleDifference } from './role-differences.ts';
import { readStoredRoles } from './stored-roles.ts';

/** Permissions and roles, as a policy file has them. */
export type RolePolicy = Pick<Policy, 'permissions' | 'roles' | 'source'>;

/** How a policy file, the one that was applied last and the roles that are stored differ. */
export interface PolicyState {
  /** What the file changes, compared with the one that was applied last: with it no gateway starts. */
  readonly differences: readonly RoleDifference[];
  /** What was edited at run time since then. */
  readonly edits: readonly RoleDifference[];
}

/** Filling a table takes some milliseconds, and no gateway waits longer for another one to do it. */
const seedingMilliseconds = 1_000;
const seedingPauseMilliseconds = 50;

/**
 * Compares a policy file with what is stored; `undefined` before the first start has stored any roles. With
 * `source: 'file'` the roles have to be those of the file, so that what was edited counts as a difference.
 */
export async function readPolicyState(records: Records, policy: RolePolicy): Promise<PolicyState | undefined> {
  const { permissionsByRole: stored, areSeeded } = await readStoredRoles(records);
  if (!areSeeded) return undefined;
  if (policy.source === 'file') return { differences: compareRoles(policy, stored), edits: [] };
  const applied = (await readAppliedRoles(records)) ?? stored;
  return {
    differences: withUndeclared(compareRoles(policy, applied), stored, policy),
    edits: compareRoleMaps(stored, applied),
  };
}

/** How a policy differs from the one that was applied last; `undefined` before the first start has stored any roles. */
export async function readRoleDifferences(
  records: Records,
  policy: RolePolicy,
): Promise<readonly RoleDifference[] | undefined> {
  return (await readPolicyState(records, policy))?.differences;
}

/**
 * How a policy differs from the one that was applied last, so that no gateway starts with it; nothing before the first
 * start. Without transactions another gateway may be filling the table at this moment: roles that only the policy has are
 * waited for, a second at most. Rejects with `SP_STORE_UNAVAILABLE`.
 */
export async function readPolicyDifferences(records: Records, policy: RolePolicy): Promise<readonly RoleDifference[]> {
  const deadline = performance.now() + seedingMilliseconds;
  for (;;) {
    const differences = (await readRoleDifferences(records, policy)) ?? [];
    if (differences.length === 0) return [];
    const mayBeSeeded = differences.every(({ kind }) => kind === 'added');
    if (!mayBeSeeded || performance.now() > deadline) return differences;
    await sleep(seedingPauseMilliseconds);
  }
}

/** A role may hold, by an edit, a permission that the file has dropped since. */
function withUndeclared(
  differences: readonly RoleDifference[],
  stored: PermissionsByRole,
  { permissions }: RolePolicy,
): readonly RoleDifference[] {
  const byRole = new Map(differences.map((difference) => [difference.role, difference]));
  for (const [role, held] of stored) {
    const undeclared = held.filter((permission) => !Object.hasOwn(permissions, permission));
    const said = byRole.get(role);
    if (undeclared.length === 0 || said?.kind === 'removed') continue;
    const permissionsRemoved = [...new Set([...(said?.permissionsRemoved ?? []), ...undeclared])].toSorted();
    byRole.set(role, { role, kind: 'changed', permissionsAdded: [], ...said, permissionsRemoved });
  }
  return [...byRole.values()].toSorted((one, other) => (one.role < other.role ? -1 : 1));
}
