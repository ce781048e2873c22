import { OptionsError, type Policy } from '@sallyport/core';
import type { PermissionsByRole } from './role-authority.ts';

/** How a role of the policy differs from the role that is stored. */
export interface RoleDifference {
  readonly role: string;
  /** `added`: only the policy has the role. `removed`: only the database has it. */
  readonly kind: 'added' | 'removed' | 'changed';
  /** Permissions that only the policy gives it. */
  readonly permissionsAdded: readonly string[];
  /** Permissions that it holds in the database only. */
  readonly permissionsRemoved: readonly string[];
}

/** Compares the roles of a policy with those that are stored. The order of permissions does not count. */
export function compareRoles(policy: Pick<Policy, 'roles'>, stored: PermissionsByRole): readonly RoleDifference[] {
  return compareRoleMaps(rolesOf(policy), stored);
}

/** Compares roles with those that were there before. */
export function compareRoleMaps(after: PermissionsByRole, before: PermissionsByRole): readonly RoleDifference[] {
  const names = [...new Set([...after.keys(), ...before.keys()])].toSorted();
  return names.flatMap((role): RoleDifference[] => {
    const [wanted, held] = [after.get(role), before.get(role)];
    const permissionsAdded = missingFrom(held, wanted);
    const permissionsRemoved = missingFrom(wanted, held);
    const kind = held === undefined ? 'added' : wanted === undefined ? 'removed' : 'changed';
    const isSame = kind === 'changed' && permissionsAdded.length === 0 && permissionsRemoved.length === 0;
    return isSame ? [] : [{ role, kind, permissionsAdded, permissionsRemoved }];
  });
}

/** The roles of a policy. */
export function rolesOf({ roles }: Pick<Policy, 'roles'>): PermissionsByRole {
  return new Map(Object.entries(roles));
}

/** One line for each role: `+` is what the policy adds, `-` what it takes away. */
export function describeRoleDifferences(differences: readonly RoleDifference[]): readonly string[] {
  const sign = { added: '+ role', removed: '- role', changed: '~ role' } as const;
  return differences.map(({ role, kind, permissionsAdded, permissionsRemoved }) => {
    const changes = [
      ...permissionsAdded.map((permission) => `+${permission}`),
      ...permissionsRemoved.map((permission) => `-${permission}`),
    ];
    return `${sign[kind]} ${role}: ${changes.join(' ') || 'no permissions'}`;
  });
}

/** What an operator reads when a policy is not the one that was applied last. */
export function policyDiffersError(differences: readonly RoleDifference[]): OptionsError {
  const lines = describeRoleDifferences(differences).map((line) => `  ${line}`);
  const message = [
    'The policy of the configuration differs from the one that was applied last, and is not used.',
    ...lines,
    waysOutOfPolicyDifference,
  ].join('\n');
  return new OptionsError(message, 'SP_OPTIONS_POLICY_DIFFERS');
}

/** What to do about it; also for reloads and for `sallyport doctor`. */
export const waysOutOfPolicyDifference =
  'Either put the policy back as it was, or run "sallyport roles apply", which stores what the configuration changed, and start again.';

function missingFrom(known: readonly string[] = [], names: readonly string[] = []): readonly string[] {
  const those = new Set(known);
  return [...new Set(names)].filter((name) => !those.has(name)).toSorted();
}
