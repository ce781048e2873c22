import { defineOperation, SallyportError, type Operation, type OperatorContext } from '@sallyport/core';
import * as z from 'zod';
import { accountFields } from '../../http/account-fields.ts';
import { banFields } from './ban-fields.ts';
import type { Accounts } from './accounts.ts';
import { parseUserImport, type ImportedUser } from './user-import.ts';

/** Accounts that are read at once. */
const pageSize = 500;
/** Records that may come at once: no import sends more. */
const maxBatch = 1000;

const id = z.string().min(1).max(100);
const roleName = z.string().max(100);
const roles = z.array(roleName).max(50);
const email = z.string().max(1000);
const newUser = z.strictObject({
  name: accountFields.name,
  email: accountFields.email,
  password: z.string().max(1000).optional(),
  roles,
  emailVerified: z.boolean(),
});

/** What operators do with accounts and sessions. A change is durable, and every cache has heard of it, when it is done. */
export function createAccountOperations(accounts: Accounts): readonly Operation[] {
  return [
    defineOperation({
      name: 'accounts/find',
      input: z.strictObject({ email }),
      run: (input) => accounts.findByEmail(input.email),
    }),
    defineOperation({
      name: 'accounts/list',
      input: z.strictObject({ limit: z.number().int().min(1).max(pageSize), afterId: id.optional() }),
      run: ({ limit, afterId }) => accounts.list(limit, afterId),
    }),
    defineOperation({
      name: 'accounts/known',
      input: z.strictObject({ emails: z.array(email).max(maxBatch) }),
      run: async ({ emails }) => [...(await accounts.knownAmong(emails))],
    }),
    defineOperation({
      name: 'accounts/create',
      input: z.strictObject({ user: newUser }),
      run: ({ user }, context) => accounts.createUser(user, context),
    }),
    defineOperation({
      name: 'accounts/invite',
      input: z.strictObject({ user: newUser.omit({ password: true }), how: z.enum(['mail', 'hand-over']) }),
      run: async ({ user: wanted, how }, context) => {
        const user = await accounts.createUser(wanted, context);
        return { user, token: await accounts.invite(user, how, context) };
      },
    }),
    defineOperation({
      name: 'accounts/set-roles',
      input: z.strictObject({ userId: id, roles }),
      run: (input, context) => accounts.setRoles(input.userId, input.roles, context),
    }),
    defineOperation({
      name: 'accounts/set-banned',
      input: z.strictObject({ userId: id, isBanned: z.boolean(), ...banFields }),
      run: ({ userId, isBanned, until, reason }, context) =>
        accounts.setBanned(userId, isBanned && { until, reason }, context),
    }),
    defineOperation({
      name: 'accounts/delete',
      input: z.strictObject({ userId: id }),
      run: async ({ userId }, context) => {
        await accounts.deleteUser(userId, context);
        return null;
      },
    }),
    defineOperation({
      name: 'accounts/import',
      input: z.strictObject({ users: z.array(z.unknown()).max(maxBatch) }),
      run: ({ users }, context) => accounts.importUsers(users.map(requireImported), context),
    }),
    defineOperation({
      name: 'roles/names',
      input: z.strictObject({}),
      run: () => accounts.roleNames(),
    }),
    defineOperation({
      name: 'roles/unknown',
      input: z.strictObject({ roles: z.array(z.string().max(1000)).max(maxBatch) }),
      run: (input) => accounts.unknownRoles(input.roles),
    }),
    defineOperation({
      name: 'accounts/facts',
      input: z.strictObject({ userId: id }),
      run: ({ userId }) => accounts.describeUser(userId),
    }),
    defineOperation({
      name: 'sessions/list',
      input: z.strictObject({ userId: id }),
      run: ({ userId }) => listSessions(accounts, userId),
    }),
    defineOperation({
      name: 'sessions/end',
      input: z.strictObject({ userId: id }),
      run: ({ userId }, context) => accounts.endSessions(userId, context),
    }),
    defineOperation({
      name: 'sessions/end-all',
      input: z.strictObject({}),
      run: (_, context) => endAllSessions(accounts, context),
    }),
  ];
}

/** The command line has checked the record, and the process that writes it does so again. */
function requireImported(record: unknown, index: number): ImportedUser {
  const parsed = parseUserImport(record, []);
  if (parsed.kind === 'valid') return parsed.user;
  const errors = parsed.errors.map(({ field, message }) => ({ field: `users.${index}.${field}`, message }));
  throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'operation-input', errors });
}

async function listSessions(accounts: Accounts, userId: string) {
  const live = await accounts.listSessions(userId);
  // What commands show, and no more: a record has a hash of its token.
  return live.map(({ sid, acr, createdAt, lastActiveAt, device: { label, address } }) => ({
    sid,
    acr,
    createdAt,
    lastActiveAt,
    device: { label, address },
  }));
}

async function endAllSessions(accounts: Accounts, context: OperatorContext): Promise<number> {
  let ended = 0;
  for (let after: string | undefined; ;) {
    const page = await accounts.list(pageSize, after);
    for (const user of page) ended += await accounts.endSessions(user.id, context);
    after = page.at(-1)?.id;
    if (page.length < pageSize) return ended;
  }
}
