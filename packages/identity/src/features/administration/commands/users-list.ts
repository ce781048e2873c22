import { exitCodes } from '@sallyport/core';
import type { AccountCommand } from './account-command.ts';
import { toShownUser } from './find-user.ts';

/** Rows that are read, and set in columns, at once. */
const pageSize = 500;

/** Lists accounts. */
export const listUsers: AccountCommand = {
  name: 'users list',
  summary: 'Lists accounts',
  options: { role: { value: 'role', describe: 'Only those with this role' } },
  notes: ['With --json each account is one line. The list is read page by page, however long it is.'],
  run: (call) =>
    call.withServices('reads', async ({ accounts }) => {
      const role = call.value('role');
      let count = 0;
      for (let after: string | undefined; ;) {
        const page = await accounts.list(pageSize, after);
        const shown = page.filter(({ roles }) => role === undefined || roles.includes(role)).map(toShownUser);
        count += shown.length;
        if (call.isJson) for (const user of shown) call.report(user, '');
        else if (shown.length > 0)
          call.report(
            null,
            call.toTable(
              ['EMAIL', 'NAME', 'ROLES', 'STATE'],
              shown.map((user) => [user.email, user.name, user.roles.join(' '), stateOf(user)]),
            ),
          );
        after = page.at(-1)?.id;
        if (page.length < pageSize) break;
      }
      call.note(count === 1 ? 'One account.' : `${count} accounts.`);
      return exitCodes.done;
    }),
};

function stateOf(user: { readonly emailVerified: boolean; readonly isBanned: boolean }): string {
  if (user.isBanned) return 'banned';
  return user.emailVerified ? '' : 'address not verified';
}
