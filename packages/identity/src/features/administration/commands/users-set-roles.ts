import { exitCodes, UsageError } from '@sallyport/core';
import { isPendingAccount } from '../../../accounts/user-table.ts';
import type { AccountCommand } from './account-command.ts';
import { refuseLastManager } from './refuse-last-manager.ts';
import { requireKnownRoles } from './require-known-roles.ts';
import { requireUser, toShownUser } from './find-user.ts';

/** Replaces the roles of an account. */
export const setRoles: AccountCommand = {
  name: 'users set-roles',
  summary: 'Replaces the roles of an account; live sessions follow at once',
  operands: ['<email>', '<roles…>'],
  notes: [
    'The roles given are all that the account has afterwards. Its owner is told by mail. The last account that holds',
    '"user:manage" keeps it: give it to another one first.',
  ],
  run: (call) =>
    call.withServices('writes', async ({ accounts }, { canMail }) => {
      const [email, ...roles] = call.operands;
      await requireKnownRoles(call, accounts, roles);
      const before = await requireUser(accounts, email);
      if (isPendingAccount(before))
        throw new UsageError(
          'A visitor signed up with this address and has not confirmed it: it may be a stranger.\n' +
            'Wait until the address is confirmed, or make the account anew: "sallyport users create-admin --invite --role <role>".',
          exitCodes.refused,
        );
      const user = await refuseLastManager(() => accounts.setRoles(before.id, roles));
      const text = `${call.toPlainText(user.email)} has the roles ${user.roles.join(', ')} (before: ${before.roles.join(', ') || 'none'}).`;
      call.report({ user: toShownUser(user), before: before.roles }, text);
      if (!canMail) call.note('No mail server is configured (SMTP_URL): the owner of the account was not told.');
      return exitCodes.done;
    }),
};
