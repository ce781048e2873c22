import { exitCodes } from '@sallyport/core';
import { refuseRoleEdit, requireRole } from './find-role.ts';
import type { RoleCommand } from './role-command.ts';

/** Deletes a role. */
export const deleteRole: RoleCommand = {
  name: 'roles delete',
  summary: 'Deletes a role; accounts keep its name, which permits nothing',
  operands: ['<role>'],
  options: { version: { value: 'version', describe: 'Refuses when the role is not as "roles show" showed it' } },
  notes: [
    'A role of the same name that is made later is theirs again: take it from the accounts first ("users list --role").',
    'The role of new users cannot be deleted.',
  ],
  run: (call) =>
    call.withServices('writes', async ({ roles }) => {
      const role = requireRole((await roles.list()).roles, call.operands[0] ?? '');
      await refuseRoleEdit(() => roles.remove(role.name, call.value('version') ?? role.version));
      call.report({ role }, `There is no role ${role.name} any more.`);
      return exitCodes.done;
    }),
};
