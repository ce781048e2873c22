import type { Feature } from '../../feature.ts';
import { createWeakSessionEnding, type WeakSessionsOptions } from '../../sessions/weak-sessions.ts';
import { createAccountOperations } from './account-operations.ts';
import { createAccounts, type AccountsOptions } from './accounts.ts';
import { administrationConfig, problemsOfAdministration, type AdministrationConfig } from './administration-config.ts';
import { administrationEvents } from './administration-events.ts';
import { administrationMails } from './administration-mails.ts';
import { endAllSessions } from './commands/sessions-end-all.ts';
import { banUser, unbanUser } from './commands/users-ban.ts';
import { createAdmin } from './commands/users-create-admin.ts';
import { deleteRole } from './commands/roles-delete.ts';
import { setRole } from './commands/roles-set.ts';
import { showRoles } from './commands/roles-show.ts';
import { deleteUser } from './commands/users-delete.ts';
import { importUsers } from './commands/users-import.ts';
import { listUsers } from './commands/users-list.ts';
import { setRoles } from './commands/users-set-roles.ts';
import { showUser } from './commands/users-show.ts';
import { createManageRoutes, type ManageRouteParts } from './manage-routes.ts';
import { createEditedRoles, type EditedRolesParts } from './edited-roles.ts';
import { createRoleEditRoutes, createRoleManageRoutes, type RoleEditParts } from './role-edit-routes.ts';
import { createRoleOperations } from './role-operations.ts';
import { createRoleRoutes, type RoleRouteParts } from './role-routes.ts';

type AdministrationKernel = Omit<AccountsOptions, 'endWeakSessions'> &
  WeakSessionsOptions &
  Omit<RoleRouteParts, 'accounts'> &
  Omit<ManageRouteParts, 'accounts'> &
  Omit<RoleEditParts, 'editedRoles'> &
  EditedRolesParts;

/** What operators, administrators and servers do with accounts of others. */
export const administrationFeature = {
  name: 'administration',
  config: administrationConfig,
  events: administrationEvents,
  mails: administrationMails,
  commands: [
    createAdmin,
    importUsers,
    listUsers,
    showUser,
    setRoles,
    banUser,
    unbanUser,
    deleteUser,
    endAllSessions,
    showRoles,
    setRole,
    deleteRole,
  ],
  problemsOf: problemsOfAdministration,
  create(kernel: AdministrationKernel, { usersApi }: AdministrationConfig) {
    const editedRoles = createEditedRoles(kernel);
    const roleParts = { ...kernel, editedRoles };
    const accounts = createAccounts({ ...kernel, endWeakSessions: createWeakSessionEnding(kernel) });
    return {
      services: { accounts },
      operations: [...createAccountOperations(accounts), ...createRoleOperations(editedRoles, kernel.policy)],
      routes: [createRoleRoutes({ ...kernel, accounts }), createRoleEditRoutes(roleParts)],
      manageRoutes:
        usersApi === undefined ? [] : [createManageRoutes({ ...kernel, accounts }), createRoleManageRoutes(roleParts)],
    };
  },
} as const satisfies Feature<AdministrationConfig>;
