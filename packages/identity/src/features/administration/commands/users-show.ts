import { exitCodes } from '@sallyport/core';
import type { Ban } from '../../../accounts/user-table.ts';
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
      const described = await accounts.describeUser(user.id);
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
        ['banned', describeBan(user.ban)],
        ...described.map(({ name, values }) => [name, values.join(', ') || '(none)']),
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
      call.report(
        { user: { ...toShownUser(user), ban: user.ban }, facts: described, sessions },
        [...lines, ...table].join('\n'),
      );
      return exitCodes.done;
    }),
};

function describeBan(ban: Ban | null): string {
  if (ban === null) return 'no';
  const until = ban.until === null ? 'until it is lifted' : `until ${ban.until.toISOString()}`;
  return `since ${ban.at.toISOString()}, ${until}${ban.reason === null ? '' : `: ${ban.reason}`}`;
}
