import { Hono } from 'hono';
import { userStatuses, type ManagedUser, type ManagedUserAnswer, type ManagedUsersAnswer } from '@sallyport/core';
import * as z from 'zod';
import type { RequireAcceptablePassword } from '../../accounts/chosen-passwords.ts';
import { roleNamePattern } from '../../accounts/role-name.ts';
import { unknownAccount } from '../../accounts/unknown-account.ts';
import { searchUsers, statusOf } from '../../accounts/user-search.ts';
import type { User, UserTable } from '../../accounts/user-table.ts';
import { accountFields } from '../../http/account-fields.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody, readNothing, readQuery } from '../../http/request-body.ts';
import { requireService } from '../../http/require-service.ts';
import type { Accounts } from './accounts.ts';
import { banFields } from './ban-fields.ts';
import { mayChange, mayRead } from './managing-permissions.ts';

export interface ManageRouteParts {
  readonly accounts: Accounts;
  readonly users: Pick<UserTable, 'findByEmail' | 'findById' | 'list'>;
  readonly chosenPasswords: { readonly require: RequireAcceptablePassword };
  readonly now: () => Date;
}

const maxPage = 100;
const usualPage = 50;

/** Of `createRowId`; other ids that databases made before are as plain. */
const idPattern = /^[A-Za-z0-9_-]{1,100}$/;
const roleName = z.string().regex(roleNamePattern, 'must be the name of a role');
const roles = z.array(roleName).max(50, 'are too many');
const time = z.iso
  .datetime({ offset: true, error: 'must be a time, such as 2030-01-31T12:00:00Z' })
  .transform((text) => new Date(text));

const listSchema = z.strictObject({
  email: accountFields.email.optional(),
  role: roleName.optional(),
  status: z.enum(userStatuses).optional(),
  createdFrom: time.optional(),
  createdBefore: time.optional(),
  limit: z
    .string()
    .regex(/^(?:[1-9]\d?|100)$/, `must be a number from 1 to ${maxPage}`)
    .transform(Number)
    .default(usualPage),
  after: z.string().regex(idPattern, 'must be "next" of an earlier page').optional(),
});
const createSchema = z.strictObject({
  email: accountFields.email,
  name: accountFields.name,
  password: accountFields.chosenPassword.optional(),
  roles: roles.default([]),
  emailVerified: z.boolean().default(false),
  invite: z.boolean().optional(),
});
const rolesSchema = z.strictObject({ roles });
const banSchema = z.strictObject(banFields);

/**
 * How servers manage users, with API keys of service accounts: the operator's use cases over HTTP. Who may do what to whom
 * is decided by `Authority` in the transaction of each change, as for operators and administrators.
 */
export function createManageRoutes(parts: ManageRouteParts) {
  const { accounts, users, chosenPasswords, now } = parts;

  const requireUser = async (id: string): Promise<User> => {
    const user = await users.findById(requireId(id));
    if (user === null) throw unknownAccount();
    return user;
  };
  const answer = async (id: string): Promise<ManagedUserAnswer> => ({ user: toManagedUser(await requireUser(id)) });

  return new Hono<IdentityEnvironment>()
    .get('/users', async (c) => {
      requireService(c.env.context, mayRead);
      const { email, limit, after, ...filter } = readQuery(c.req.raw, listSchema);
      const at = now();
      // An address has one account at most: it is looked up, and the other filters are asked of it.
      const found = email === undefined ? undefined : await users.findByEmail(email);
      const table = found === undefined ? users : { list: async () => (found === null ? [] : [found]) };
      const page = await searchUsers(table, filter, { limit: email === undefined ? limit : 1, after, at });
      return c.json({
        users: page.users.map(toManagedUser),
        next: email === undefined ? page.next : null,
      } satisfies ManagedUsersAnswer);
    })
    .get('/users/:id', async (c) => {
      requireService(c.env.context, mayRead);
      return c.json(await answer(c.req.param('id')));
    })
    .post('/users', async (c) => {
      const by = requireService(c.env.context, mayChange);
      const { password, invite = password === undefined, ...person } = await readBody(c.req.raw, createSchema);
      if (password !== undefined) chosenPasswords.require('password', password, person);
      const made = await accounts.createUser({ ...person, password, roles: [...new Set(person.roles)] }, by);
      if (invite) await accounts.invite(made, 'mail', by);
      return c.json({ user: toManagedUser(made) } satisfies ManagedUserAnswer, 201);
    })
    .post('/users/:id/invitation', async (c) => {
      const by = requireService(c.env.context, mayChange);
      await readNothing(c.req.raw);
      const user = await requireUser(c.req.param('id'));
      await accounts.invite(user, 'mail', by);
      return c.json({ user: toManagedUser(user) } satisfies ManagedUserAnswer);
    })
    .put('/users/:id/roles', async (c) => {
      const by = requireService(c.env.context, mayChange);
      const id = requireId(c.req.param('id'));
      const { roles: wanted } = await readBody(c.req.raw, rolesSchema);
      return c.json({ user: toManagedUser(await accounts.setRoles(id, wanted, by)) } satisfies ManagedUserAnswer);
    })
    .put('/users/:id/ban', async (c) => {
      const by = requireService(c.env.context, mayChange);
      const id = requireId(c.req.param('id'));
      await accounts.setBanned(id, await readBody(c.req.raw, banSchema), by);
      return c.json(await answer(id));
    })
    .delete('/users/:id/ban', async (c) => {
      const by = requireService(c.env.context, mayChange);
      await readNothing(c.req.raw);
      const id = requireId(c.req.param('id'));
      await accounts.setBanned(id, false, by);
      return c.json(await answer(id));
    })
    .delete('/users/:id', async (c) => {
      const by = requireService(c.env.context, mayChange);
      await readNothing(c.req.raw);
      await accounts.deleteUser(requireId(c.req.param('id')), by);
      return c.body(null, 204);
    });
}

function toManagedUser(user: User): ManagedUser {
  const { id, email, name, roles: held, emailVerified, ban, createdAt, expiresAt } = user;
  return {
    id,
    email,
    name,
    roles: held,
    status: statusOf(user),
    emailVerified,
    ban:
      ban === null ? null : { at: ban.at.toISOString(), until: ban.until?.toISOString() ?? null, reason: ban.reason },
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}

/** What is no id by its form is looked up nowhere. */
function requireId(text: string): string {
  if (idPattern.test(text)) return text;
  throw unknownAccount();
}
