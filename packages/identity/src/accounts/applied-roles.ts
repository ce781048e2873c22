import { isDuplicateRow, recordModels, type Records, type RecordTable } from '@sallyport/core';
import * as z from 'zod';
import type { PermissionsByRole } from './role-authority.ts';
import { permissionsOf, readRoles } from './stored-roles.ts';

/*
 * The roles of the policy file that was applied last, beside the roles that are stored. A start compares its file with
 * these: what was edited since, at run time, is no difference of the file.
 */

/** Where they are kept: one row, as one text, so that they are never half of one file and half of another. */
export const appliedPolicyTable: RecordTable = {
  model: recordModels.appliedPolicy,
  columns: {
    name: { type: 'string', required: true, unique: true },
    roles: { type: 'string', required: true },
    updatedAt: { type: 'date', required: true },
  },
};

const model = recordModels.appliedPolicy;
const name = 'roles';
const rolesSchema = z.record(z.string(), z.array(z.string()));

/** The roles of the file that was applied last; `undefined` where an earlier version stored the roles, and none was noted. */
export async function readAppliedRoles(records: Records): Promise<PermissionsByRole | undefined> {
  const row = await records.findOne<{ roles: string }>({ model, where: [{ field: 'name', value: name }] });
  return row === null ? undefined : new Map(Object.entries(rolesSchema.parse(JSON.parse(row.roles))));
}

/** Notes the roles of a file as those that were applied last. */
export async function writeAppliedRoles(records: Records, roles: PermissionsByRole, at: Date): Promise<void> {
  const update = { roles: toText(roles), updatedAt: at };
  if ((await readAppliedRoles(records)) === undefined && (await createOnce(records, update))) return;
  await records.updateMany({ model, where: [{ field: 'name', value: name }], update });
}

/**
 * Notes the roles that are stored as those that were applied last, where none were noted: so it was with every version
 * before they could be edited. Call it before an edit, in its transaction, when the roles are locked.
 */
export async function noteRolesAsApplied(records: Records, at: Date): Promise<void> {
  if ((await readAppliedRoles(records)) !== undefined) return;
  const stored = await readRoles(records);
  if (stored.length === 0) return;
  await createOnce(records, { roles: toText(permissionsOf(stored)), updatedAt: at });
}

/** Without transactions another process may have made the row since: then `false`. */
async function createOnce(
  records: Records,
  row: { readonly roles: string; readonly updatedAt: Date },
): Promise<boolean> {
  try {
    await records.create({ model, data: { name, ...row } });
    return true;
  } catch (error) {
    if (!isDuplicateRow(error)) throw error;
    return false;
  }
}

function toText(roles: PermissionsByRole): string {
  const entries = [...roles].map(([role, permissions]) => [role, permissions.toSorted()] as const);
  return JSON.stringify(Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1))));
}
