import {
  type AcceptedInvitationAnswer,
  type InvitationAnswer,
  type InvitationLinkAnswer,
  type InvitationsAnswer,
  type RequestContext,
} from '@sallyport/core';
import { Hono } from 'hono';
import * as z from 'zod';
import { whereOf } from '../../events/audit-context.ts';
import { requireSignIn, type IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody, readNothing, readQuery } from '../../http/request-body.ts';
import { requireRecent, type RecentSignInParts } from '../../http/require-recent.ts';
import { isInvited, type InvitationAnswers } from './invitation-answers.ts';
import type { Invitation, InvitationTable } from './invitation-table.ts';
import type { Invitations, InvitingActor } from './invitations.ts';
import type { Member } from './member-table.ts';
import {
  asMember,
  requireMemberManager,
  type MemberRequest,
  type OrganizationAccessParts,
} from './organization-access.ts';
import { organizationFields } from './organization-fields.ts';
import { toShownInvitation, toShownOrganization, type ShownOrganizationParts } from './shown-organization.ts';

export interface InvitationRouteParts extends OrganizationAccessParts, ShownOrganizationParts, RecentSignInParts {
  readonly invitationTable: InvitationTable;
  readonly inviting: Invitations;
  readonly answers: InvitationAnswers;
}

const pageSize = 100;
/** Milliseconds since 1970, as the answer before this one said. */
const pageSchema = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be `next` of an answer')
    .optional(),
});
const createSchema = z.strictObject({ email: organizationFields.email, roles: organizationFields.roles });
const tokenSchema = z.strictObject({ token: organizationFields.token });

/** How members invite, and how the holders of mailed tokens answer. */
export function createInvitationRoutes(parts: InvitationRouteParts) {
  const { users, directory, invitationTable, inviting, answers, noteRefusals, now } = parts;

  const show = async (reader: Member, invitation: Invitation) =>
    toShownInvitation(parts.roles, reader, invitation, await users.findById(invitation.invitedBy), now());

  /** Who reads an invitation: a session that is over is none. */
  const readerOf = async (context: RequestContext, invitation: Invitation): Promise<InvitationLinkAnswer['reader']> => {
    if (context.caller.kind === 'anonymous') return 'signed-out';
    const session = await requireSignIn(context, directory).catch(() => null);
    const user = session === null ? null : await users.findById(session.principal.id);
    if (user === null) return 'signed-out';
    return isInvited(user, invitation) ? 'invited' : 'another-account';
  };

  return new Hono<IdentityEnvironment>()
    .get('/organizations/:id/invitations', (c) => {
      const { after } = readQuery(c.req.raw, pageSchema);
      const before = after === undefined ? undefined : new Date(Number(after));
      const of = { organizationId: c.req.param('id'), route: '/auth/organizations/:id/invitations' };
      return asMember(parts, c.env.context, of, async ({ member }) => {
        requireMemberManager(parts, member);
        const page = await invitationTable.list(of.organizationId, pageSize, before);
        const invitations = await Promise.all(page.map((invitation) => show(member, invitation)));
        const next = page.length < pageSize ? null : String(page.at(-1)?.createdAt.getTime());
        return c.json({ invitations, next } satisfies InvitationsAnswer);
      });
    })
    .post('/organizations/:id/invitations', async (c) => {
      const { email, roles } = await readBody(c.req.raw, createSchema);
      const of = { organizationId: c.req.param('id'), route: '/auth/organizations/:id/invitations' };
      return asMember(parts, c.env.context, of, async (request) => {
        await requireRecent(request.session, parts);
        const { organizationId } = of;
        const invitation = await inviting.create({ organizationId, email, roles }, actorOf(request), request.by);
        return c.json({ invitation: await show(request.member, invitation) } satisfies InvitationAnswer, 201);
      });
    })
    .post('/organizations/:id/invitations/:invitation/resend', async (c) => {
      await readNothing(c.req.raw);
      const route = '/auth/organizations/:id/invitations/:invitation/resend';
      const of = { organizationId: c.req.param('id'), route };
      return asMember(parts, c.env.context, of, async (request) => {
        await requireRecent(request.session, parts);
        const selection = { organizationId: of.organizationId, invitationId: c.req.param('invitation') };
        const invitation = await inviting.resend(selection, actorOf(request), request.by);
        return c.json({ invitation: await show(request.member, invitation) } satisfies InvitationAnswer);
      });
    })
    .delete('/organizations/:id/invitations/:invitation', async (c) => {
      await readNothing(c.req.raw);
      const of = { organizationId: c.req.param('id'), route: '/auth/organizations/:id/invitations/:invitation' };
      return asMember(parts, c.env.context, of, async (request) => {
        const selection = { organizationId: of.organizationId, invitationId: c.req.param('invitation') };
        await inviting.revoke(selection, actorOf(request), request.by);
        return c.body(null, 204);
      });
    })
    .post('/organizations/invitations/check', async (c) => {
      const { token } = await readBody(c.req.raw, tokenSchema);
      const { organization, invitation, invitedBy, roles } = await answers.find(token);
      return c.json({
        status: 'valid',
        organization: { name: organization.name },
        email: invitation.email,
        invitedBy,
        roles,
        expiresAt: invitation.expiresAt.toISOString(),
        reader: await readerOf(c.env.context, invitation),
      } satisfies InvitationLinkAnswer);
    })
    .post('/organizations/invitations/accept', async (c) => {
      const { token } = await readBody(c.req.raw, tokenSchema);
      const { principal } = await requireSignIn(c.env.context, directory);
      const { id: userId, sid, org } = principal;
      const context = { actor: userId, ...whereOf(c.env.context) };
      const { organizationId } = (await answers.find(token)).organization;
      const route = '/auth/organizations/invitations/accept';
      const { organization, roles } = await noteRefusals({ userId, sid, organizationId, route, context }, () =>
        answers.accept(token, userId, context),
      );
      return c.json({
        organization: toShownOrganization(organization, { roles }, org),
      } satisfies AcceptedInvitationAnswer);
    })
    .post('/organizations/invitations/decline', async (c) => {
      const { token } = await readBody(c.req.raw, tokenSchema);
      await answers.decline(token, whereOf(c.env.context));
      return c.body(null, 204);
    });
}

function actorOf({ session }: MemberRequest): InvitingActor {
  const { id: userId, profile } = session.principal;
  return { kind: 'user', userId, name: profile?.name };
}
