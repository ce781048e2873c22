import {
  recordModels,
  SallyportError,
  type InvalidationBus,
  type Policy,
  type Records,
  type SecurityEventLog,
} from '@sallyport/core';
import { compareRoles, type RoleDifference } from './role-differences.ts';
import { operatorContext, type AuditContext } from '../events/audit-context.ts';
import type { KernelEvent } from '../events/kernel-events.ts';
import { managingPermission, managingRoles, type PermissionsByRole } from './role-authority.ts';
import { createUserTable } from './user-table.ts';

interface RoleRow {
  readonly name: string;
  readonly permissions: string;
  readonly generation: number;
}

/** The roles as they are stored. */
export interface StoredRoles {
  readonly permissionsByRole: ReadonlyMap<string, readonly string[]>;
  /** The generation of the policy: the sum of those of the roles. It never shrinks. */
  readonly generation: number;
}

export interface ApplyPolicyOptions {
  readonly policy: Policy;
  readonly records: Records;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly bus: InvalidationBus;
  readonly events: SecurityEventLog<KernelEvent>;
  readonly now: () => Date;
  /** Who applies it, for the event. @default the operator, without a name */
  readonly context?: AuditContext;
}

const model = recordModels.role;

/** Reads all roles. */
export async function readStoredRoles(records: Records): Promise<StoredRoles> {
  return toStoredRoles(await readRows(records));
}

/** How a policy differs from the roles that are stored; `undefined` before the first start has stored any. */
export async function readRoleDifferences(
  records: Records,
  policy: Policy,
): Promise<readonly RoleDifference[] | undefined> {
  const { permissionsByRole } = await readStoredRoles(records);
  return permissionsByRole.size === 0 ? undefined : compareRoles(policy, permissionsByRole);
}

/**
 * Stores the roles of a policy, in one transaction where the database has them, and then tells every gateway. The event
 * comes first, so that no change goes unreported. Tokens that were made under the roles before are void afterwards.
 *
 * @returns what changed, or rejects with `SP_LAST_MANAGER` for a policy that declares the managing permission and leaves
 *   no account that holds it, where one did.
 */
export async function applyPolicy(options: ApplyPolicyOptions): Promise<readonly RoleDifference[]> {
  const { policy, records, transaction, bus, events, now, context = operatorContext } = options;
  const before = await readStoredRoles(records);
  if (compareRoles(policy, before.permissionsByRole).length === 0) return [];
  const at = now();
  const { differences, generation } = await transaction(async () => {
    await lockRoles(records, [...before.permissionsByRole.keys()], at);
    const rows = await readRows(records);
    const changes = compareRoles(policy, toStoredRoles(rows).permissionsByRole);
    if (changes.length === 0) return { differences: changes, generation: 0 };
    await requireManager({ records, policy, now }, toStoredRoles(rows).permissionsByRole);
    const namesOf = (kind: RoleDifference['kind']) =>
      changes.filter((difference) => difference.kind === kind).map(({ role }) => role);
    const details = { added: namesOf('added'), removed: namesOf('removed'), changed: namesOf('changed') };
    await events.append({ type: 'policy.applied', at, outcome: 'success', ...context, details });
    const next = sumOf(rows) + 1;
    await writeRows(records, policy, changes, next, at);
    return { differences: changes, generation: next };
  });
  if (differences.length > 0) {
    const id = differences.map(({ role }) => role).join(' ');
    await bus.publish({ kind: 'policy', id, minGeneration: generation, at, reason: 'policy-applied' });
  }
  return differences;
}

/** The same rule as for a change of roles: those who manage accounts are never none, unless the policy wants none. */
async function requireManager(
  { records, policy, now }: Pick<ApplyPolicyOptions, 'records' | 'policy' | 'now'>,
  before: PermissionsByRole,
): Promise<void> {
  if (!Object.hasOwn(policy.permissions, managingPermission)) return;
  const users = createUserTable(records, now);
  const after = new Map(Object.entries(policy.roles));
  const isHeld = (permissionsByRole: PermissionsByRole): Promise<boolean> =>
    users.existsWithRole(managingRoles(permissionsByRole), '');
  if ((await isHeld(before)) && !(await isHeld(after)))
    throw new SallyportError('SP_LAST_MANAGER', { reason: 'last-manager' });
}

/** Others who apply a policy wait here, and read what this one has stored: two policies never mix. */
async function lockRoles(records: Records, names: readonly string[], at: Date): Promise<void> {
  if (names.length === 0) return;
  await records.updateMany({
    model,
    where: [{ field: 'name', operator: 'in', value: [...names] }],
    update: { updatedAt: at },
  });
}

/** The first role carries the whole generation: a role that goes must not take the sum back to an earlier one. */
async function writeRows(
  records: Records,
  policy: Policy,
  differences: readonly RoleDifference[],
  generation: number,
  at: Date,
): Promise<void> {
  const [carrier] = Object.keys(policy.roles);
  const kinds = new Map(differences.map(({ role, kind }) => [role, kind]));
  for (const [name, held] of Object.entries(policy.roles)) {
    const data = { permissions: held.join(' '), generation: name === carrier ? generation : 0, updatedAt: at };
    if (kinds.get(name) === 'added') await records.create({ model, data: { name, ...data } });
    else await records.updateMany({ model, where: [{ field: 'name', value: name }], update: data });
  }
  for (const { role, kind } of differences)
    if (kind === 'removed') await records.deleteMany({ model, where: [{ field: 'name', value: role }] });
}

function readRows(records: Records): Promise<RoleRow[]> {
  return records.findMany<RoleRow>({ model, sortBy: { field: 'name', direction: 'asc' } });
}

function toStoredRoles(rows: readonly RoleRow[]): StoredRoles {
  return {
    permissionsByRole: new Map(rows.map((row) => [row.name, row.permissions.split(' ').filter((text) => text !== '')])),
    generation: sumOf(rows),
  };
}

function sumOf(rows: readonly RoleRow[]): number {
  return rows.reduce((sum, { generation }) => sum + generation, 0);
}
