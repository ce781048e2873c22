import {
  OptionsError,
  retryContended,
  SallyportError,
  type InvalidationBus,
  type Policy,
  type Records,
  type SecurityEventLog,
} from '@sallyport/core';
import { operatorContext, type AuditContext } from '../events/audit-context.ts';
import type { KernelEvent } from '../events/kernel-events.ts';
import { readAppliedRoles, writeAppliedRoles } from './applied-roles.ts';
import { mergeRoles } from './merge-roles.ts';
import { readRoleDifferences, type RolePolicy } from './policy-state.ts';
import { managingPermission, managingRoles, type PermissionsByRole } from './role-authority.ts';
import { compareRoleMaps, rolesOf, type RoleDifference } from './role-differences.ts';
import { lockRoles, permissionsOf, readRoles, readStoredRoles, writeRoles } from './stored-roles.ts';
import { createUserTable } from './user-table.ts';

export interface ApplyPolicyOptions {
  readonly policy: Pick<Policy, 'permissions' | 'roles'>;
  readonly records: Records;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly bus: InvalidationBus;
  readonly events: SecurityEventLog<KernelEvent>;
  readonly now: () => Date;
  /** Who applies it, for the event. @default the operator, without a name */
  readonly context?: AuditContext;
  /**
   * `carry-over` stores what the file changed since it was applied last, and leaves what was edited at run time. `exactly`
   * makes the roles those of the file. @default 'carry-over'
   */
  readonly how?: 'carry-over' | 'exactly';
}

const contention = { maxAttempts: 20, code: 'SP_CONFLICT' } as const;

/** Who applies a policy with `source: 'file'`: the start or the reload of a gateway. */
const configurationContext = { actor: 'operator:configuration', requestId: 'configuration', address: 'local' } as const;

/**
 * Stores the roles of a policy, in one transaction where the database has them, and then tells every gateway. The event
 * comes first, so that no change goes unreported. Tokens that were made under the roles before are void afterwards.
 *
 * @returns what changed, or rejects with `SP_LAST_MANAGER` for a policy that declares the managing permission and leaves
 *   no account that holds it, where one did.
 */
export async function applyPolicy(options: ApplyPolicyOptions): Promise<readonly RoleDifference[]> {
  const { records, transaction, bus, now } = options;
  const at = now();
  const differences = await retryContended(contention, () => transaction(() => storeRoles(options, at)));
  const { generation } = await readStoredRoles(records);
  // Also when there was nothing to change: who stored the same may have died before it could say so.
  const id = differences.map(({ role }) => role).join(' ') || 'roles';
  await bus.publish({ kind: 'policy', id, minGeneration: generation, at, reason: 'policy-applied' });
  return differences;
}

/**
 * Makes the roles those of a policy with `source: 'file'`, where any are stored and they are others. Any other policy is
 * left alone.
 *
 * @throws OptionsError for one that leaves no account which manages the others.
 */
export async function applyFileRoles(options: ApplyPolicyOptions & { readonly policy: RolePolicy }): Promise<void> {
  const { policy, records } = options;
  if (policy.source !== 'file') return;
  const differences = await readRoleDifferences(records, policy);
  if (differences === undefined) return;
  const applied = await readAppliedRoles(records);
  const isNoted = applied !== undefined && compareRoleMaps(rolesOf(policy), applied).length === 0;
  if (differences.length === 0 && isNoted) return;
  try {
    await applyPolicy({ ...options, how: 'exactly', context: configurationContext });
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== 'SP_LAST_MANAGER') throw error;
    throw new OptionsError(
      `The policy of the configuration leaves no account that holds "${managingPermission}". Nothing was stored. Give it to a role of an account that can sign in.`,
    );
  }
}

async function storeRoles(options: ApplyPolicyOptions, at: Date): Promise<readonly RoleDifference[] | 'retry'> {
  const { policy, records, events, context = operatorContext, how = 'carry-over' } = options;
  await lockRoles(records, at);
  const roles = await readRoles(records);
  const stored = permissionsOf(roles);
  const noted = await readAppliedRoles(records);
  const file = rolesOf(policy);
  const isDeclared = (permission: string): boolean => Object.hasOwn(policy.permissions, permission);
  const wanted = how === 'exactly' ? file : mergeRoles({ file, applied: noted ?? stored, stored, isDeclared });
  const differences = compareRoleMaps(wanted, stored);
  const isNoted = noted !== undefined && compareRoleMaps(file, noted).length === 0;
  if (differences.length === 0 && isNoted) return [];
  await requireManager(options, stored, wanted);
  if (differences.length > 0 || noted !== undefined) {
    const details = { added: namesOf('added'), removed: namesOf('removed'), changed: namesOf('changed') };
    await events.append({ type: 'policy.applied', at, outcome: 'success', ...context, details });
  }
  if (!(await writeRoles({ records, roles, wanted, at }))) return 'retry';
  // Last: without transactions one that breaks off before is done again from where it was.
  await writeAppliedRoles(records, file, at);
  return differences;

  function namesOf(kind: RoleDifference['kind']): string[] {
    return differences.filter((difference) => difference.kind === kind).map(({ role }) => role);
  }
}

/** The same rule as for a change of roles: those who manage accounts are never none, unless the policy wants none. */
async function requireManager(
  { records, policy, now }: Pick<ApplyPolicyOptions, 'records' | 'policy' | 'now'>,
  before: PermissionsByRole,
  after: PermissionsByRole,
): Promise<void> {
  if (!Object.hasOwn(policy.permissions, managingPermission)) return;
  const [managing, still] = [managingRoles(before), managingRoles(after)];
  if (managing.every((role) => still.includes(role))) return;
  const users = createUserTable(records, now);
  const isHeld = (roles: readonly string[]): Promise<boolean> => users.existsWithRole(roles, '');
  if ((await isHeld(managing)) && !(await isHeld(still)))
    throw new SallyportError('SP_LAST_MANAGER', { reason: 'last-manager' });
}
