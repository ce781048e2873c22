import { exitCodes } from '@sallyport/core';
import type { AccountCommand } from './account-command.ts';
import { requireKnownRoles } from './require-known-roles.ts';
import { requireUser, toShownUser } from './find-user.ts';

/** Replaces the roles of an account. */
export const setRoles: AccountCommand = {
  name: 'users set-roles',
  summary: 'Replaces the roles of an account; live sessions follow at once',
  operands: ['<email>', '<roles…>'],
  notes: ['The roles given are all that the account has afterwards.'],
  run: (call) =>
    call.withServices('writes', async ({ accounts }) => {
      const [email, ...roles] = call.operands;
      await requireKnownRoles(call, accounts, roles);
      const before = await requireUser(accounts, email);
      const user = await accounts.setRoles(before.id, roles);
      const text = `${call.toPlainText(user.email)} has the roles ${user.roles.join(', ')} (before: ${before.roles.join(', ') || 'none'}).`;
      call.report({ user: toShownUser(user), before: before.roles }, text);
      return exitCodes.done;
    }),
};
