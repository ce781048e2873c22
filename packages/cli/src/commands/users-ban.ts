import type { Command, CommandCall } from '../command.ts';
import { requireUser, toShownUser } from '../find-user.ts';
import { withSystem } from '../open-system.ts';
import { exitCodes } from '../usage-error.ts';
import { toPlainText } from '../table.ts';

/** Bans an account. */
export const banUser: Command = {
  name: 'users ban',
  summary: 'Bans an account and ends its sessions',
  operands: ['<email>'],
  run: (call) => changeBan(call, true),
};

/** Lifts a ban. */
export const unbanUser: Command = {
  name: 'users unban',
  summary: 'Lifts the ban of an account; sessions that it ended stay ended',
  operands: ['<email>'],
  run: (call) => changeBan(call, false),
};

function changeBan(call: CommandCall, isBanned: boolean): Promise<number> {
  return withSystem(call.terminal, 'writes', async ({ identity }) => {
    const user = await requireUser(identity, call.operands[0]);
    const sessionsEnded = await identity.accounts.setBanned(user.id, isBanned);
    const email = toPlainText(user.email);
    const text = isBanned ? `${email} is banned; ${sessionsEnded} sessions ended.` : `${email} may sign in again.`;
    call.report({ user: { ...toShownUser(user), isBanned }, sessionsEnded }, text);
    return exitCodes.done;
  });
}
