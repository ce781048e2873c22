import type { Command, ServiceCommandContext } from '@sallyport/core';
import type { OperatorAccounts } from '../operator-accounts.ts';

/** What commands on accounts use of identity. */
export interface AccountServices {
  readonly accounts: OperatorAccounts;
  /** The rules on passwords, whichever feature has them. */
  readonly requireAcceptablePassword: (
    field: string,
    password: string,
    owner: { readonly name: string; readonly email: string },
  ) => Promise<void>;
}

export type AccountCommandCall = ServiceCommandContext<AccountServices>;

export type AccountCommand = Command<AccountCommandCall>;
