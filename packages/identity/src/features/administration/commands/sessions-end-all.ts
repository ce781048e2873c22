import { exitCodes } from '@sallyport/core';
import type { AccountCommand } from './account-command.ts';
import { requireUser } from './find-user.ts';

/** Ends sessions: those of one account, or everybody's. */
export const endAllSessions: AccountCommand = {
  name: 'sessions end-all',
  summary: 'Ends every session, or those of one account',
  options: { user: { value: 'email', describe: 'Only the sessions of this account' } },
  run: (call) =>
    call.withServices('writes', async ({ accounts }) => {
      const email = call.value('user');
      const ended = await (email === undefined
        ? accounts.endAllSessions()
        : accounts.endSessions((await requireUser(accounts, email)).id));
      call.report({ ended }, ended === 1 ? 'One session ended.' : `${ended} sessions ended.`);
      return exitCodes.done;
    }),
};
