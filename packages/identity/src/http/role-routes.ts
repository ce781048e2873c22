import { Hono } from 'hono';
import * as z from 'zod';
import { SallyportError } from '@sallyport/core';
import { whereOf } from '../events/security-event-log.ts';
import type { IdentityParts } from '../identity-parts.ts';
import { requireSession, type IdentityEnvironment } from './identity-request.ts';
import { readBody } from './request-body.ts';

const rolesSchema = z.strictObject({
  roles: z.array(z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be the name of a role')).max(50, 'are too many'),
});
const permission = 'user:manage';

/** What an administrator changes on other people's accounts. */
export function createRoleRoutes(parts: IdentityParts) {
  const { directory, accounts, events, now } = parts;

  return new Hono<IdentityEnvironment>().put('/users/:id/roles', async (c) => {
    const { principal } = await requireSession(c.env.context, directory);
    const target = c.req.param('id');
    if (!principal.permissions.includes(permission)) {
      await events.append({
        type: 'access.refused',
        at: now(),
        outcome: 'refused',
        actor: principal.id,
        sid: principal.sid,
        ...whereOf(c.env.context),
        details: { reason: 'permission-missing', code: 'SP_FORBIDDEN' },
      });
      throw new SallyportError('SP_FORBIDDEN', { reason: 'permission-missing' });
    }
    const { roles } = await readBody(c.req.raw, rolesSchema);
    const user = await accounts.setRoles(target, roles, { actor: principal.id, ...whereOf(c.env.context) });
    return c.json({ user: { id: user.id, roles: user.roles } });
  });
}
