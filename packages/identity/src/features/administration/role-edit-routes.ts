import { Hono, type Context } from 'hono';
import {
  SallyportError,
  type LiveSession,
  type ManagedRoleAnswer,
  type ManagedRolesAnswer,
  type Policy,
  type SessionDirectory,
} from '@sallyport/core';
import * as z from 'zod';
import { roleNamePattern } from '../../accounts/role-name.ts';
import { unknownRole, type RoleEditor } from '../../accounts/role-editor.ts';
import { whereOf, type AuditContext } from '../../events/audit-context.ts';
import { requireSession, type IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody, readNothing, readQuery } from '../../http/request-body.ts';
import { requireRecent } from '../../http/require-recent.ts';
import { requireService } from '../../http/require-service.ts';
import type { UserManagerParts } from '../../http/require-user-manager.ts';
import { mayChangeRoles, mayReadRoles } from './managing-permissions.ts';

export interface RoleEditParts extends UserManagerParts {
  readonly directory: SessionDirectory;
  readonly editedRoles: RoleEditor;
  readonly policy: Policy;
}

/** Lets a caller in who may read, or change, and says for whom it is recorded. */
type Admit = (c: Context<IdentityEnvironment>, to: 'read' | 'change') => Promise<AuditContext>;

/** Longer names and lists than any policy has, so that what is read has an end. */
const roleName = z.string().regex(roleNamePattern, 'must be the name of a role');
const permissions = z.array(z.string().max(200, 'is too long')).max(500, 'are too many');
const version = z.string().min(1, 'must be that of the role as it was read').max(200, 'is too long');
const editSchema = z.strictObject({ permissions, version: version.nullable() });
const deletionSchema = z.strictObject({ version });

/** What administrators change on roles: with their session, after a recent sign-in. Served below `/auth`. */
export function createRoleEditRoutes(parts: RoleEditParts): Hono<IdentityEnvironment> {
  const { directory } = parts;
  return serveRoles(parts, async (c, to) => {
    const session = await requireSession(c.env.context, directory);
    await requireOneOf(parts, session, to === 'read' ? mayReadRoles : mayChangeRoles, c.env.context);
    if (to === 'change') await requireRecent(session, parts);
    return { actor: session.principal.id, ...whereOf(c.env.context) };
  });
}

/** The same for servers, with keys of service accounts. Served below `/manage`. */
export function createRoleManageRoutes(parts: RoleEditParts): Hono<IdentityEnvironment> {
  return serveRoles(parts, async (c, to) =>
    requireService(c.env.context, to === 'read' ? mayReadRoles : mayChangeRoles),
  );
}

function serveRoles({ editedRoles, policy }: RoleEditParts, admit: Admit): Hono<IdentityEnvironment> {
  return new Hono<IdentityEnvironment>()
    .get('/roles', async (c) => {
      await admit(c, 'read');
      return c.json({
        source: policy.source ?? 'database',
        roles: await editedRoles.list(),
        permissions: policy.permissions,
      } satisfies ManagedRolesAnswer);
    })
    .get('/roles/:name', async (c) => {
      await admit(c, 'read');
      const role = (await editedRoles.list()).find(({ name }) => name === c.req.param('name'));
      if (role === undefined) throw unknownRole();
      return c.json({ role } satisfies ManagedRoleAnswer);
    })
    .put('/roles/:name', async (c) => {
      const by = await admit(c, 'change');
      const wish = await readBody(c.req.raw, editSchema);
      const { role, before } = await editedRoles.set({ name: readName(c.req.param('name')), ...wish }, by);
      return c.json({ role } satisfies ManagedRoleAnswer, before === null ? 201 : 200);
    })
    .delete('/roles/:name', async (c) => {
      const by = await admit(c, 'change');
      await readNothing(c.req.raw);
      const asked = readQuery(c.req.raw, deletionSchema);
      await editedRoles.remove(readName(c.req.param('name')), asked.version, by);
      return c.body(null, 204);
    });
}

/** A name of the configuration may be another one: such a role is edited there. */
function readName(text: string): string {
  const parsed = roleName.safeParse(text);
  if (parsed.success) return parsed.data;
  const errors = [{ field: 'name', message: 'must begin with a letter, and have small letters, digits and "-" alone' }];
  throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'fields-invalid', errors });
}

async function requireOneOf(
  { events, now }: UserManagerParts,
  { principal }: LiveSession,
  opening: readonly string[],
  context: IdentityEnvironment['Bindings']['context'],
): Promise<void> {
  if (opening.some((permission) => principal.permissions.includes(permission))) return;
  await events.append({
    type: 'access.refused',
    at: now(),
    outcome: 'refused',
    actor: principal.id,
    sid: principal.sid,
    ...whereOf(context),
    details: { reason: 'permission-missing', code: 'SP_FORBIDDEN' },
  });
  throw new SallyportError('SP_FORBIDDEN', { reason: 'permission-missing' });
}
