import { exitCodes, pageUrl, UsageError, type CommandDeployment } from '@sallyport/core';
import { isPendingAccount } from '../../../accounts/user-table.ts';
import type { InvitedUser } from '../operator-accounts.ts';
import { parseUserImport, type ImportedUser } from '../user-import.ts';
import type { AccountCommand, AccountCommandCall, AccountServices } from './account-command.ts';
import { toShownUser } from './find-user.ts';
import { requireKnownRoles } from './require-known-roles.ts';

/** Makes an administrator: a production deployment starts without any account. */
export const createAdmin: AccountCommand = {
  name: 'users create-admin',
  summary: 'Makes an administrator, such as the first one',
  options: {
    email: { value: 'address', describe: 'Email address; it counts as verified', isRequired: true },
    name: { value: 'name', describe: 'Name that people see; the part before the @ when absent' },
    role: { value: 'role', describe: 'Role to give; "admin" when absent' },
    'password-stdin': { describe: 'Read the password from standard input instead of asking for it' },
    invite: { describe: 'Set no password: mail a link to choose one, or print it when no mail server is configured' },
  },
  notes: ['A password is never an argument: others on the machine can read arguments, and shells remember them.'],
  run: async (call) => {
    if (call.has('invite') && call.has('password-stdin'))
      throw new UsageError('--invite sets no password: leave --password-stdin out.', exitCodes.usage);
    const user = parseUser(call);
    return call.withServices('writes', (services, deployment) => createUser(call, services, deployment, user));
  },
};

function parseUser(call: AccountCommandCall): ImportedUser {
  const email = call.value('email') ?? '';
  const name = call.value('name') ?? email.trim().split('@')[0];
  const parsed = parseUserImport({ email, name, emailVerified: true, roles: [call.value('role') ?? 'admin'] }, []);
  if (parsed.kind === 'valid') return parsed.user;
  const problems = parsed.errors.map(({ field, message }) => `--${field.replace(/^roles.*/, 'role')} ${message}`);
  throw new UsageError(`Refused: ${problems.join('; ')}.`, exitCodes.usage);
}

async function createUser(
  call: AccountCommandCall,
  { accounts, requireAcceptablePassword }: AccountServices,
  deployment: CommandDeployment,
  user: ImportedUser,
): Promise<number> {
  await requireKnownRoles(call, accounts, user.roles);
  const owner = await accounts.findByEmail(user.email);
  // A stranger may have signed up with the address: such an account gives way.
  if (owner !== null && !isPendingAccount(owner))
    throw new UsageError(
      `This address has an account. "sallyport users set-roles <email> <role>" gives it a role.`,
      exitCodes.refused,
    );
  if (call.has('invite')) {
    const { canMail } = deployment;
    const invited = await accounts.createInvited(user, canMail ? 'mail' : 'hand-over');
    return reportInvitation(call, deployment, invited);
  }
  const password = await call.readNewPassword(call.has('password-stdin') ? 'pipe' : 'terminal');
  await requireAcceptablePassword('The password', password, user);
  const made = await accounts.createUser({ ...user, password });
  call.report(
    { user: toShownUser(made) },
    `${call.toPlainText(made.email)} can sign in, with the roles ${made.roles.join(', ')}.`,
  );
  return exitCodes.done;
}

function reportInvitation(
  call: AccountCommandCall,
  { publicUrl, pages, canMail }: CommandDeployment,
  { user, token }: InvitedUser,
): number {
  if (canMail) {
    call.report(
      { user: toShownUser(user), mailed: true },
      `A link to choose a password was mailed to ${call.toPlainText(user.email)}.`,
    );
    return exitCodes.done;
  }
  const link = new URL(pageUrl(pages.resetPassword, { token }), publicUrl).href;
  call.note('No mail server is configured (SMTP_URL). Hand this link over; it works once, for one hour:');
  call.report({ user: toShownUser(user), mailed: false, link }, link);
  return exitCodes.done;
}
