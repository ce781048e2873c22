import { exitCodes, UsageError } from '@sallyport/core';
import { toEmailAddress } from '../../../accounts/email-address.ts';
import type { User } from '../../../accounts/user-table.ts';
import type { OperatorAccounts } from '../operator-accounts.ts';

/** @throws UsageError when no account has the address. */
export async function requireUser(
  accounts: Pick<OperatorAccounts, 'findByEmail'>,
  email: string | undefined,
): Promise<User> {
  const user = email === undefined ? null : await accounts.findByEmail(toEmailAddress(email) ?? email.trim());
  if (user === null)
    throw new UsageError('No account has this email address. "sallyport users list" shows all.', exitCodes.refused);
  return user;
}

/** What commands show of an account. */
export function toShownUser({ id, email, name, roles, emailVerified, isBanned }: User) {
  return { id, email, name, roles, emailVerified, isBanned };
}
