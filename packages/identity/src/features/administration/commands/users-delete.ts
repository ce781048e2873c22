import { exitCodes } from '@sallyport/core';
import type { AccountCommand } from './account-command.ts';
import { requireUser, toShownUser } from './find-user.ts';
import { refuseLastManager } from './refuse-last-manager.ts';

/** Deletes an account. */
export const deleteUser: AccountCommand = {
  name: 'users delete',
  summary: 'Deletes an account and all that is kept of it',
  operands: ['<email>'],
  notes: [
    'Its sessions, second factors and API keys go with it, and nothing brings it back; "users ban" can be lifted.',
    'Security events stay as long as configured. The last account that holds "user:manage" cannot be deleted.',
  ],
  run: (call) =>
    call.withServices('writes', async ({ accounts }) => {
      const user = await requireUser(accounts, call.operands[0]);
      await refuseLastManager(() => accounts.deleteUser(user.id));
      call.report({ user: toShownUser(user) }, `${call.toPlainText(user.email)} is deleted.`);
      return exitCodes.done;
    }),
};
