import { exitCodes } from '@sallyport/core';
import type { AccountCommand } from './account-command.ts';
import { requireUser, toShownUser } from './find-user.ts';

/** Shows one account and its live sessions. */
export const showUser: AccountCommand = {
  name: 'users show',
  summary: 'Shows one account and its live sessions',
  operands: ['<email>'],
  run: (call) =>
    call.withServices('reads', async ({ accounts }) => {
      const user = await requireUser(accounts, call.operands[0]);
      const live = await accounts.listSessions(user.id);
      const sessions = live.map(({ sid, acr, createdAt, lastActiveAt, device }) => ({
        sid,
        acr,
        createdAt,
        lastActiveAt,
        device: device.label,
        address: device.address,
      }));
      const facts = [
        ['email', user.email],
        ['name', user.name],
        ['id', user.id],
        ['roles', user.roles.join(' ') || '(none)'],
        ['address verified', user.emailVerified ? 'yes' : 'no'],
        ['banned', user.isBanned ? 'yes' : 'no'],
        ['live sessions', String(sessions.length)],
      ];
      const rows = sessions.map((session) => [
        session.sid,
        session.device,
        session.address,
        session.acr,
        session.createdAt.toISOString(),
        session.lastActiveAt.toISOString(),
      ]);
      const table =
        rows.length === 0 ? [] : ['', call.toTable(['SID', 'DEVICE', 'ADDRESS', 'ACR', 'SINCE', 'LAST ACTIVE'], rows)];
      const lines = facts.map(([name = '', value = '']) => `${name.padEnd(17)} ${call.toPlainText(value)}`);
      call.report({ user: toShownUser(user), sessions }, [...lines, ...table].join('\n'));
      return exitCodes.done;
    }),
};
