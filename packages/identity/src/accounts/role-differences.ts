import { OptionsError, type Policy } from '@sallyport/core';

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
export function compareRoles(
  policy: Policy,
  stored: ReadonlyMap<string, readonly string[]>,
): readonly RoleDifference[] {
  const names = [...new Set([...Object.keys(policy.roles), ...stored.keys()])].toSorted();
  return names.flatMap((role): RoleDifference[] => {
    const wanted = Object.hasOwn(policy.roles, role) ? policy.roles[role] : undefined;
    const held = stored.get(role);
    const permissionsAdded = missingFrom(held, wanted);
    const permissionsRemoved = missingFrom(wanted, held);
    const kind = held === undefined ? 'added' : wanted === undefined ? 'removed' : 'changed';
    const isSame = kind === 'changed' && permissionsAdded.length === 0 && permissionsRemoved.length === 0;
    return isSame ? [] : [{ role, kind, permissionsAdded, permissionsRemoved }];
  });
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

/** What an operator reads when a policy is not the one that is stored. */
export function policyDiffersError(differences: readonly RoleDifference[]): OptionsError {
  const lines = describeRoleDifferences(differences).map((line) => `  ${line}`);
  const message = [
    'The policy of the configuration differs from the roles that are stored. Nothing was started.',
    ...lines,
    waysOutOfPolicyDifference,
  ].join('\n');
  return new OptionsError(message, 'SP_OPTIONS_POLICY_DIFFERS');
}

/** What to do about it; also for reloads and for `sallyport doctor`. */
export const waysOutOfPolicyDifference =
  'Either put the policy back as it was, or run "sallyport roles apply", which stores the roles of the configuration, and start again.';

function missingFrom(known: readonly string[] = [], names: readonly string[] = []): readonly string[] {
  const those = new Set(known);
  return [...new Set(names)].filter((name) => !those.has(name)).toSorted();
}
