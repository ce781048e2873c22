import type { Feature } from '../../feature.ts';
import { createWeakSessionEnding, type WeakSessionsOptions } from '../../sessions/weak-sessions.ts';
import { createAccounts, type AccountsOptions } from './accounts.ts';
import { createRoleRoutes, type RoleRouteParts } from './role-routes.ts';

type AdministrationKernel = Omit<AccountsOptions, 'endWeakSessions'> &
  WeakSessionsOptions &
  Omit<RoleRouteParts, 'accounts'>;

/** What operators and administrators do with accounts of others. */
export const administrationFeature = {
  name: 'administration',
  create(kernel: AdministrationKernel) {
    const accounts = createAccounts({ ...kernel, endWeakSessions: createWeakSessionEnding(kernel) });
    return { services: { accounts }, routes: [createRoleRoutes({ ...kernel, accounts })] };
  },
} as const satisfies Feature;
