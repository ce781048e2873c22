import { exitCodes, UsageError } from '@sallyport/core';
import { roleNamePattern } from '../../../accounts/role-name.ts';
import { refuseRoleEdit, requireRole } from './find-role.ts';
import type { RoleCommand } from './role-command.ts';

/** Stands for a role without permissions: no permission is named like it. */
const nothing = 'none';

/** Replaces what a role permits. */
export const setRole: RoleCommand = {
  name: 'roles set',
  summary: 'Replaces what a role permits; live sessions and tokens follow at once',
  operands: ['<role>', '<permissions…>'],
  options: {
    create: { describe: 'Makes a role that there is not' },
    version: { value: 'version', describe: 'Refuses when the role is not as "roles show" showed it' },
  },
  notes: [
    'The permissions given are all that the role has afterwards; "none" stands for no permission. Every account with the',
    'role is concerned. It is an edit: "roles apply" leaves it, and "roles diff" shows it.',
  ],
  run: (call) =>
    call.withServices('writes', async ({ roles }) => {
      const [name = '', ...named] = call.operands;
      const permissions = named.length === 1 && named[0] === nothing ? [] : named;
      const wish = { name, permissions, version: await versionFor(name) };
      const { role, before } = await refuseRoleEdit(() => roles.set(wish));
      const was = before === null ? 'there was no such role' : `before: ${before.join(' ') || nothing}`;
      call.report({ role, before }, `${role.name} permits ${role.permissions.join(' ') || 'nothing'} (${was}).`);
      return exitCodes.done;

      async function versionFor(role: string): Promise<string | null> {
        const asked = call.value('version');
        if (!call.has('create')) return asked ?? requireRole((await roles.list()).roles, role).version;
        if (asked !== undefined) throw new UsageError('A role that is made has no version yet.', exitCodes.usage);
        if (roleNamePattern.test(role)) return null;
        throw new UsageError(
          'A role is named with small letters, digits and "-", and begins with a letter.',
          exitCodes.usage,
        );
      }
    }),
};
