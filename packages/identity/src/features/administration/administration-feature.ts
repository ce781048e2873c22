import type { BuiltFeature, Feature } from '../../feature.ts';
import { createWeakSessionEnding } from '../../sessions/weak-sessions.ts';
import { createAccounts, type Accounts } from './accounts.ts';
import { createRoleRoutes } from './role-routes.ts';

interface BuiltAdministration extends BuiltFeature {
  readonly accounts: Accounts;
}

/** What operators and administrators do with accounts of others. */
export const administrationFeature: Feature<undefined, BuiltAdministration> = {
  create(kernel) {
    const accounts = createAccounts({ ...kernel, endWeakSessions: createWeakSessionEnding(kernel) });
    return { accounts, routes: [createRoleRoutes({ ...kernel, accounts })] };
  },
};
