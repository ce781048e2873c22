import { exitCodes, UsageError } from '@sallyport/core';
import type { BanTerms } from '../account-exclusion.ts';
import { banFields } from '../ban-fields.ts';
import type { AccountCommand, AccountCommandCall } from './account-command.ts';
import { requireUser, toShownUser } from './find-user.ts';
import { refuseLastManager } from './refuse-last-manager.ts';

/** Bans an account. */
export const banUser: AccountCommand = {
  name: 'users ban',
  summary: 'Bans an account and ends its sessions',
  operands: ['<email>'],
  options: {
    until: { value: 'time', describe: 'When the ban ends by itself, such as 2030-01-31T12:00:00Z' },
    reason: { value: 'text', describe: 'Why, for those who manage accounts; its owner is not shown it' },
  },
  notes: [
    'A second ban replaces the terms of the first. The last account that holds "user:manage" cannot be banned: give it',
    'to another one first.',
  ],
  run: (call) => changeBan(call, { until: parseTerm(call, 'until'), reason: parseTerm(call, 'reason') }),
};

/** Lifts a ban. */
export const unbanUser: AccountCommand = {
  name: 'users unban',
  summary: 'Lifts the ban of an account; sessions that it ended stay ended',
  operands: ['<email>'],
  run: (call) => changeBan(call, false),
};

function changeBan(call: AccountCommandCall, ban: BanTerms | false): Promise<number> {
  return call.withServices('writes', async ({ accounts }) => {
    const user = await requireUser(accounts, call.operands[0]);
    const sessionsEnded = await refuseLastManager(() => accounts.setBanned(user.id, ban));
    const email = call.toPlainText(user.email);
    const text = ban === false ? `${email} may sign in again.` : `${email} is banned; ${sessionsEnded} sessions ended.`;
    call.report({ user: { ...toShownUser(user), isBanned: ban !== false }, sessionsEnded }, text);
    return exitCodes.done;
  });
}

function parseTerm<Name extends keyof typeof banFields>(call: AccountCommandCall, name: Name): BanTerms[Name] {
  const parsed = banFields[name].safeParse(call.value(name));
  if (parsed.success) return parsed.data as BanTerms[Name]; // The schema of this name.
  throw new UsageError(`--${name} ${parsed.error.issues[0]?.message ?? 'cannot be used'}.`, exitCodes.usage);
}
