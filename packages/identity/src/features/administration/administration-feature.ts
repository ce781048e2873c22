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
import { deleteUser } from './commands/users-delete.ts';
import { importUsers } from './commands/users-import.ts';
import { listUsers } from './commands/users-list.ts';
import { setRoles } from './commands/users-set-roles.ts';
import { showUser } from './commands/users-show.ts';
import { createManageRoutes, type ManageRouteParts } from './manage-routes.ts';
import { createRoleRoutes, type RoleRouteParts } from './role-routes.ts';

type AdministrationKernel = Omit<AccountsOptions, 'endWeakSessions'> &
  WeakSessionsOptions &
  Omit<RoleRouteParts, 'accounts'> &
  Omit<ManageRouteParts, 'accounts'>;

/** What operators, administrators and servers do with accounts of others. */
export const administrationFeature = {
  name: 'administration',
  config: administrationConfig,
  events: administrationEvents,
  mails: administrationMails,
  commands: [createAdmin, importUsers, listUsers, showUser, setRoles, banUser, unbanUser, deleteUser, endAllSessions],
  problemsOf: problemsOfAdministration,
  create(kernel: AdministrationKernel, { usersApi }: AdministrationConfig) {
    const accounts = createAccounts({ ...kernel, endWeakSessions: createWeakSessionEnding(kernel) });
    return {
      services: { accounts },
      operations: createAccountOperations(accounts),
      routes: [createRoleRoutes({ ...kernel, accounts })],
      manageRoutes: usersApi === undefined ? [] : [createManageRoutes({ ...kernel, accounts })],
    };
  },
} as const satisfies Feature<AdministrationConfig>;
