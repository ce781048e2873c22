import { defineOperation, type Operation, type Policy } from '@sallyport/core';
import * as z from 'zod';
import type { RoleEditor } from '../../accounts/role-editor.ts';
import { roleNamePattern } from '../../accounts/role-name.ts';

const name = z.string().min(1).max(100);
const newName = z
  .string()
  .regex(roleNamePattern, 'must begin with a letter, and have small letters, digits and "-" alone');
const version = z.string().max(200);

/** What operators do with roles at run time. A change is durable, and every cache has heard of it, when it is done. */
export function createRoleOperations(roles: RoleEditor, policy: Policy): readonly Operation[] {
  return [
    defineOperation({
      name: 'roles/list',
      input: z.strictObject({}),
      run: async () => ({ source: policy.source ?? 'database', roles: await roles.list() }),
    }),
    defineOperation({
      name: 'roles/set',
      input: z.strictObject({
        name: newName,
        permissions: z.array(z.string().max(200)).max(500),
        version: version.nullable(),
      }),
      run: (wish, context) => roles.set(wish, context),
    }),
    defineOperation({
      name: 'roles/delete',
      input: z.strictObject({ name, version }),
      run: async (asked, context) => {
        await roles.remove(asked.name, asked.version, context);
        return null;
      },
    }),
  ];
}
