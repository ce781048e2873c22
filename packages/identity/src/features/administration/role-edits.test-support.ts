import { definePolicy } from '@sallyport/core';
import { createAuthority } from '../../accounts/authority.ts';
import { createRoleEditor, type EditedRole, type RoleEditor } from '../../accounts/role-editor.ts';
import { createUserTable } from '../../accounts/user-table.ts';
import { kernelEvents } from '../../events/kernel-events.ts';
import { createSecurityEventLog } from '../../events/security-event-log.ts';
import type { Harness } from '../../identity.test-support.ts';
import { startManageHarness } from './manage.test-support.ts';

/** Roles to edit, and two that edit roles. */
export const rolePolicy = definePolicy({
  permissions: {
    'product:read': 'Look at products',
    'product:delete': 'Delete products',
    'user:manage': 'Manage accounts',
    'role:read': 'Look at roles',
    'role:manage': 'Change roles',
  },
  roles: {
    user: ['product:read'],
    vendor: ['product:read'],
    clerk: ['product:delete'],
    reader: ['role:read'],
    // Less than an administrator: it may not delete products.
    editor: ['product:read', 'role:manage'],
    admin: ['product:read', 'product:delete', 'user:manage', 'role:read', 'role:manage'],
  },
});

export const ada = 'ada@example.test';
export const robin = 'robin@example.test';
export const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' } as const;

export const startRoleHarness = (change: Parameters<typeof startManageHarness>[0] = {}): Promise<Harness> =>
  startManageHarness({ policy: rolePolicy, ...change });

/** An editor of roles on the database of a harness, past its routes. */
export function editorOf(harness: Harness): RoleEditor {
  const { records, transaction } = harness.database;
  const events = createSecurityEventLog(records, kernelEvents);
  const users = createUserTable(records, harness.now);
  const actingAccounts = { find: async () => null };
  const authority = createAuthority({ records, users, actingAccounts, events, now: harness.now });
  const parts = { records, transaction, bus: harness.bus, events, authority, signUpRoles: ['user'], now: harness.now };
  return createRoleEditor({ ...parts, policy: rolePolicy });
}

export async function roleNow(harness: Harness, name: string): Promise<EditedRole | undefined> {
  return (await editorOf(harness).list()).find((role) => role.name === name);
}
