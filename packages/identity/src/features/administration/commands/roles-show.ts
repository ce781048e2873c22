import { exitCodes } from '@sallyport/core';
import { requireRole } from './find-role.ts';
import type { RoleCommand } from './role-command.ts';

/** Shows the roles that are stored. */
export const showRoles: RoleCommand = {
  name: 'roles show',
  summary: 'Shows the roles that are stored, what they permit, and their versions',
  options: { role: { value: 'role', describe: 'Only this one' } },
  run: (call) =>
    call.withServices('reads', async ({ roles }) => {
      const listed = await roles.list();
      const name = call.value('role');
      const shown = name === undefined ? listed.roles : [requireRole(listed.roles, name)];
      const rows = shown.map((role) => [role.name, role.permissions.join(' ') || '(none)', role.version]);
      call.report({ source: listed.source, roles: shown }, call.toTable(['ROLE', 'PERMISSIONS', 'VERSION'], rows));
      if (listed.source === 'file') call.note('The configuration has the last word on them (policy.source: "file").');
      return exitCodes.done;
    }),
};
