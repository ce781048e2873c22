import { exitCodes } from '@sallyport/core';
import type { AccountCommand, AccountCommandCall } from './account-command.ts';
import { requireUser, toShownUser } from './find-user.ts';

/** Bans an account. */
export const banUser: AccountCommand = {
  name: 'users ban',
  summary: 'Bans an account and ends its sessions',
  operands: ['<email>'],
  run: (call) => changeBan(call, true),
};

/** Lifts a ban. */
export const unbanUser: AccountCommand = {
  name: 'users unban',
  summary: 'Lifts the ban of an account; sessions that it ended stay ended',
  operands: ['<email>'],
  run: (call) => changeBan(call, false),
};

function changeBan(call: AccountCommandCall, isBanned: boolean): Promise<number> {
  return call.withServices('writes', async ({ accounts }) => {
    const user = await requireUser(accounts, call.operands[0]);
    const sessionsEnded = await accounts.setBanned(user.id, isBanned);
    const email = call.toPlainText(user.email);
    const text = isBanned ? `${email} is banned; ${sessionsEnded} sessions ended.` : `${email} may sign in again.`;
    call.report({ user: { ...toShownUser(user), isBanned }, sessionsEnded }, text);
    return exitCodes.done;
  });
}
