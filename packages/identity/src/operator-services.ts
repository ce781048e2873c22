import type { AskOperation } from '@sallyport/core';
import type { AccountServices } from './features/administration/commands/account-command.ts';
import { createOperatorAccounts } from './features/administration/operator-accounts.ts';

/** What commands use of identity, wherever it runs. */
export type OperatorServices = AccountServices;

/** Builds the services of commands on the operations of a gateway that runs, or of stores that this process has opened. */
export function createOperatorServices(ask: AskOperation): OperatorServices {
  return {
    accounts: createOperatorAccounts(ask),
    requireAcceptablePassword: async (field, password, { name, email }) => {
      await ask('passwords/check', { field, password, owner: { name, email } });
    },
  };
}
