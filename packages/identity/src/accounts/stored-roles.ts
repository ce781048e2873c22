import { recordModels, type Records } from '@sallyport/core';
import type { PermissionsByRole } from './role-authority.ts';

/** A role as it is stored. */
export interface StoredRole {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly string[];
  /** Grows with each change of it. */
  readonly generation: number;
}

/** The roles as they are stored. */
export interface StoredRoles {
  readonly permissionsByRole: PermissionsByRole;
  /** The generation of the policy: the sum of those of the roles. It never shrinks. */
  readonly generation: number;
  /** `false` before the first start has stored any. */
  readonly areSeeded: boolean;
}

/** What roles are to be, in place of those that were read. */
export interface RoleWrite {
  readonly records: Records;
  /** The roles that were read, and on which `wanted` was decided. */
  readonly roles: readonly StoredRole[];
  readonly wanted: PermissionsByRole;
  readonly at: Date;
}

interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly permissions: string;
  readonly generation: number;
}

const model = recordModels.role;

/** No role has this name. The row keeps the generation of the policy where the last role was deleted. */
const heirName = '';

/** Reads all roles, in the order of their names. */
export async function readRoles(records: Records): Promise<readonly StoredRole[]> {
  return (await readRows(records)).filter(({ name }) => name !== heirName);
}

async function readRows(records: Records): Promise<readonly StoredRole[]> {
  const rows = await records.findMany<RoleRow>({ model, sortBy: { field: 'name', direction: 'asc' } });
  return rows.map(({ id, name, permissions, generation }) => ({
    id,
    name,
    permissions: permissions.split(' ').filter((text) => text !== ''),
    generation,
  }));
}

/** Reads what all roles permit. */
export async function readStoredRoles(records: Records): Promise<StoredRoles> {
  const rows = await readRows(records);
  return {
    permissionsByRole: permissionsOf(rows.filter(({ name }) => name !== heirName)),
    generation: sumOf(rows),
    areSeeded: rows.length > 0,
  };
}

/** What each of these roles permits. */
export function permissionsOf(roles: readonly StoredRole[]): PermissionsByRole {
  return new Map(roles.map(({ name, permissions }) => [name, permissions]));
}

/** Another text after each change of a role, and for a role that was made anew under its name. */
export function versionOf({ id, generation }: StoredRole): string {
  return `${generation}-${id}`;
}

/**
 * Locks all roles until the end of the transaction: others who change roles, or take the managing permission from an
 * account, wait here, and read afterwards what this one has stored. Without transactions nothing waits, and
 * {@link writeRoles} compares and sets each role.
 */
export async function lockRoles(records: Records, at: Date): Promise<void> {
  const where = [{ field: 'generation', operator: 'gte' as const, value: 0 }];
  await records.updateMany({ model, where, update: { updatedAt: at } });
}

/**
 * Stores what the roles are to be. Each row is compared and set. What is not in `wanted` goes, last of all, after another
 * row has taken its generation over: the sum must not come back to an earlier one.
 *
 * @returns `false` when another change was faster; what is stored by then is a part of the change.
 */
export async function writeRoles({ records, roles, wanted, at }: RoleWrite): Promise<boolean> {
  const leaving = roles.filter(({ name }) => !wanted.has(name));
  const staying = roles.filter(({ name }) => wanted.has(name));
  const known = new Set(staying.map(({ name }) => name));
  let inherited = leaving.reduce((sum, { generation }) => sum + generation + 1, 0);
  for (const role of staying) {
    const permissions = wanted.get(role.name) ?? [];
    const grown = role.generation + inherited + (isSameSet(permissions, role.permissions) ? 0 : 1);
    inherited = 0;
    if (grown === role.generation) continue;
    const update = { permissions: permissions.join(' '), generation: grown, updatedAt: at };
    if ((await records.updateMany({ model, where: asRead(role), update })) !== 1) return false;
  }
  for (const [name, permissions] of wanted) {
    if (known.has(name)) continue;
    const data = { name, permissions: permissions.join(' '), generation: 1 + inherited, updatedAt: at };
    inherited = 0;
    await records.create({ model, data });
  }
  if (inherited > 0 && !(await bequeath(records, inherited, at))) return false;
  for (const role of leaving) if ((await records.deleteMany({ model, where: asRead(role) })) !== 1) return false;
  return true;
}

/** Keeps the generations of roles of which none is left. `false` when another change was faster. */
async function bequeath(records: Records, inherited: number, at: Date): Promise<boolean> {
  const heir = (await readRows(records)).find(({ name }) => name === heirName);
  if (heir === undefined) {
    await records.create({
      model,
      data: { name: heirName, permissions: '', generation: inherited, updatedAt: at },
    });
    return true;
  }
  const update = { generation: heir.generation + inherited, updatedAt: at };
  return (await records.updateMany({ model, where: asRead(heir), update })) === 1;
}

/** Whether two lists have the same members, in whatever order. */
export function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  const [one, other] = [new Set(some), new Set(others)];
  return one.size === other.size && [...one].every((member) => other.has(member));
}

function asRead({ id, generation }: StoredRole) {
  return [
    { field: 'id', value: id },
    { field: 'generation', value: generation },
  ];
}

function sumOf(roles: readonly StoredRole[]): number {
  return roles.reduce((sum, { generation }) => sum + generation, 0);
}
