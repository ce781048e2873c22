import { exitCodes, UsageError } from '@sallyport/core';
import type { AccountCommand } from './account-command.ts';
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
      const unknown = await accounts.unknownRoles(roles);
      if (unknown.length > 0) {
        const names = unknown.map(call.toPlainText).join('", "');
        throw new UsageError(
          `There is no role "${names}". The policy in sallyport.config.ts names them.`,
          exitCodes.refused,
        );
      }
      const before = await requireUser(accounts, email);
      const user = await accounts.setRoles(before.id, roles);
      const text = `${call.toPlainText(user.email)} has the roles ${user.roles.join(', ')} (before: ${before.roles.join(', ') || 'none'}).`;
      call.report({ user: toShownUser(user), before: before.roles }, text);
      return exitCodes.done;
    }),
};
