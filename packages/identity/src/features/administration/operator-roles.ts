import type { AskOperation } from '@sallyport/core';
import * as z from 'zod';
import type { EditedRole, RoleChangeOutcome, RoleWish } from '../../accounts/role-editor.ts';

/** The roles that are stored, and who has the last word on them. */
export interface ListedRoles {
  readonly source: 'database' | 'file';
  readonly roles: readonly EditedRole[];
}

/** Roles as an operator edits them, wherever that is done. Each change is done as a whole, or rejects. */
export interface OperatorRoles {
  list(): Promise<ListedRoles>;
  set(wish: RoleWish): Promise<RoleChangeOutcome>;
  remove(name: string, version: string): Promise<void>;
}

const names = z.array(z.string());
const roleSchema = z.object({ name: z.string(), permissions: names, version: z.string() });
const listSchema = z.object({ source: z.enum(['database', 'file']), roles: z.array(roleSchema) });
const outcomeSchema = z.object({ role: roleSchema, before: names.nullable(), gainsManagement: z.boolean() });

/** Builds the roles of operators on their operations. What comes back from another process is checked. */
export function createOperatorRoles(ask: AskOperation): OperatorRoles {
  return {
    list: async () => listSchema.parse(await ask('roles/list', {})),
    set: async (wish) => outcomeSchema.parse(await ask('roles/set', wish)),
    remove: async (name, version) => void (await ask('roles/delete', { name, version })),
  };
}
