import type { MemberAnswer, MembersAnswer } from '@sallyport/core';
import { Hono } from 'hono';
import * as z from 'zod';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody, readNothing, readQuery } from '../../http/request-body.ts';
import { requireRecent, type RecentSignInParts } from '../../http/require-recent.ts';
import type { Member } from './member-table.ts';
import { unknownMember, type Members } from './members.ts';
import { asMember, type OrganizationAccessParts } from './organization-access.ts';
import { organizationFields } from './organization-fields.ts';
import { toShownMember, type ShownOrganizationParts } from './shown-organization.ts';

export interface MemberRouteParts extends OrganizationAccessParts, ShownOrganizationParts, RecentSignInParts {
  readonly changes: Members;
}

const pageSize = 100;
const rolesSchema = z.strictObject({ roles: organizationFields.roles });
const pageSchema = z.strictObject({ after: z.string().max(100).optional() });
/** Ids of accounts are those of the database, or of the system that they came from. */
const userIdForm = /^[A-Za-z0-9_-]{1,100}$/;

/** How members see each other, and change and end memberships. */
export function createMemberRoutes(parts: MemberRouteParts) {
  const { users, members, roles, changes } = parts;

  const show = async (reader: Member, member: Member) => {
    const user = await users.findById(member.userId);
    return user === null ? [] : [toShownMember(roles, reader, member, user)];
  };

  return new Hono<IdentityEnvironment>()
    .get('/organizations/:id/members', async (c) => {
      const { after } = readQuery(c.req.raw, pageSchema);
      const of = { organizationId: c.req.param('id'), route: '/auth/organizations/:id/members' };
      return asMember(parts, c.env.context, of, async ({ member: reader }) => {
        const page = await members.list(of.organizationId, pageSize, after);
        const shown = await Promise.all(page.map((member) => show(reader, member)));
        const next = page.length < pageSize ? null : (page.at(-1)?.userId ?? null);
        return c.json({ members: shown.flat(), next } satisfies MembersAnswer);
      });
    })
    .put('/organizations/:id/members/:user', async (c) => {
      const { roles: names } = await readBody(c.req.raw, rolesSchema);
      const of = { organizationId: c.req.param('id'), route: '/auth/organizations/:id/members/:user' };
      return asMember(parts, c.env.context, of, async ({ session, member: reader, by }) => {
        await requireRecent(session, parts);
        const selection = { organizationId: of.organizationId, userId: requireUserId(c.req.param('user')) };
        const changed = await changes.setRoles(selection, names, { kind: 'user', userId: reader.userId }, by);
        // Of oneself, as one is now.
        const [member] = await show(changed.userId === reader.userId ? changed : reader, changed);
        if (member === undefined) throw unknownMember();
        return c.json({ member } satisfies MemberAnswer);
      });
    })
    .delete('/organizations/:id/members/:user', async (c) => {
      await readNothing(c.req.raw);
      const of = { organizationId: c.req.param('id'), route: '/auth/organizations/:id/members/:user' };
      return asMember(parts, c.env.context, of, async ({ member: reader, by }) => {
        const selection = { organizationId: of.organizationId, userId: requireUserId(c.req.param('user')) };
        await changes.remove(selection, { kind: 'user', userId: reader.userId }, by);
        return c.body(null, 204);
      });
    });
}

function requireUserId(text: string): string {
  if (userIdForm.test(text)) return text;
  throw unknownMember();
}
