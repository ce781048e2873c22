import { Hono } from 'hono';
import * as z from 'zod';
import type { Accounts } from './accounts.ts';
import { roleNamePattern } from '../../accounts/role-name.ts';
import { whereOf } from '../../events/audit-context.ts';
import { requireSession, type IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody } from '../../http/request-body.ts';
import { requireUserManager, type UserManagerParts } from '../../http/require-user-manager.ts';
import type { SessionDirectory } from '@sallyport/core';

export interface RoleRouteParts extends UserManagerParts {
  readonly directory: SessionDirectory;
  readonly accounts: Accounts;
}

const rolesSchema = z.strictObject({
  roles: z.array(z.string().regex(roleNamePattern, 'must be the name of a role')).max(50, 'are too many'),
});

/** What an administrator changes on other people's accounts. */
export function createRoleRoutes(parts: RoleRouteParts) {
  const { directory, accounts } = parts;

  return new Hono<IdentityEnvironment>().put('/users/:id/roles', async (c) => {
    const session = await requireSession(c.env.context, directory);
    await requireUserManager(parts, session, c.env.context);
    const { principal } = session;
    const target = c.req.param('id');
    const { roles } = await readBody(c.req.raw, rolesSchema);
    const user = await accounts.setRoles(target, roles, { actor: principal.id, ...whereOf(c.env.context) });
    return c.json({ user: { id: user.id, roles: user.roles } });
  });
}
