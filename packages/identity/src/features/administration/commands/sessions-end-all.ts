import { exitCodes } from '@sallyport/core';
import type { AccountCommand } from './account-command.ts';
import { requireUser } from './find-user.ts';

/** Accounts that are read at once. */
const pageSize = 500;

/** Ends sessions: those of one account, or everybody's. */
export const endAllSessions: AccountCommand = {
  name: 'sessions end-all',
  summary: 'Ends every session, or those of one account',
  options: { user: { value: 'email', describe: 'Only the sessions of this account' } },
  run: (call) =>
    call.withServices('writes', async ({ accounts }) => {
      const email = call.value('user');
      let ended = 0;
      if (email !== undefined) ended = await accounts.endSessions((await requireUser(accounts, email)).id);
      else
        for (let after: string | undefined; ;) {
          const page = await accounts.list(pageSize, after);
          for (const { id } of page) ended += await accounts.endSessions(id);
          after = page.at(-1)?.id;
          if (page.length < pageSize) break;
        }
      call.report({ ended }, ended === 1 ? 'One session ended.' : `${ended} sessions ended.`);
      return exitCodes.done;
    }),
};
