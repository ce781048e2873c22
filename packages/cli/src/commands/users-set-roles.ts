import type { Command } from '../command.ts';
import { requireUser, toShownUser } from '../find-user.ts';
import { withSystem } from '../open-system.ts';
import { exitCodes, UsageError } from '../usage-error.ts';
import { toPlainText } from '../table.ts';

/** Replaces the roles of an account. */
export const setRoles: Command = {
  name: 'users set-roles',
  summary: 'Replaces the roles of an account; live sessions follow at once',
  operands: ['<email>', '<roles…>'],
  notes: ['The roles given are all that the account has afterwards.'],
  run: (call) =>
    withSystem(call.terminal, 'writes', async ({ identity }) => {
      const [email, ...roles] = call.operands;
      const unknown = await identity.accounts.unknownRoles(roles);
      if (unknown.length > 0) {
        const names = unknown.map(toPlainText).join('", "');
        throw new UsageError(
          `There is no role "${names}". The policy in sallyport.config.ts names them.`,
          exitCodes.refused,
        );
      }
      const before = await requireUser(identity, email);
      const user = await identity.accounts.setRoles(before.id, roles);
      const text = `${toPlainText(user.email)} has the roles ${user.roles.join(', ')} (before: ${before.roles.join(', ') || 'none'}).`;
      call.report({ user: toShownUser(user), before: before.roles }, text);
      return exitCodes.done;
    }),
};
