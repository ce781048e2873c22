import { exitCodes, nearestWord, UsageError } from '@sallyport/core';
import type { OperatorAccounts } from '../operator-accounts.ts';
import type { AccountCommandCall } from './account-command.ts';

/** Refuses names that are not roles. @throws UsageError with the names, and the role that was probably meant. */
export async function requireKnownRoles(
  call: Pick<AccountCommandCall, 'toPlainText'>,
  accounts: OperatorAccounts,
  roles: readonly string[],
): Promise<void> {
  const unknown = await accounts.unknownRoles(roles);
  const [first] = unknown;
  if (first === undefined) return;
  const nearest = nearestWord(first, await accounts.roleNames());
  const hint =
    nearest === undefined
      ? 'The policy in sallyport.config.ts names them.'
      : `Did you mean ${call.toPlainText(nearest)}?`;
  throw new UsageError(`There is no role "${unknown.map(call.toPlainText).join('", "')}". ${hint}`, exitCodes.refused);
}
