import {
  SallyportError,
  type ActiveOrganizationAnswer,
  type OrganizationAnswer,
  type OrganizationsAnswer,
} from '@sallyport/core';
import { Hono } from 'hono';
import * as z from 'zod';
import { whereOf } from '../../events/audit-context.ts';
import { requireSignIn, type IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody, readNothing } from '../../http/request-body.ts';
import { requireRecent, type RecentSignInParts } from '../../http/require-recent.ts';
import type { ActivateOrganization } from './active-organization.ts';
import { asMember, type OrganizationAccessParts } from './organization-access.ts';
import type { OrganizationSettings } from './organization-config.ts';
import { organizationFields } from './organization-fields.ts';
import type { Organizations } from './organizations.ts';
import { toOrganizationAnswer, toShownOrganization, type ShownOrganizationParts } from './shown-organization.ts';

export interface OrganizationRouteParts extends OrganizationAccessParts, ShownOrganizationParts, RecentSignInParts {
  readonly settings: OrganizationSettings;
  readonly organizations: Organizations;
  readonly activate: ActivateOrganization;
}

const nameSchema = z.strictObject({ name: organizationFields.name });
const activeSchema = z.strictObject({ organization: organizationFields.organization.nullable() });

/** How users make organizations, look at those that they are members of, and turn to one of them. */
export function createOrganizationRoutes(parts: OrganizationRouteParts) {
  const { settings, directory, table, members, organizations, activate, noteRefusals } = parts;

  return new Hono<IdentityEnvironment>()
    .get('/organizations', async (c) => {
      const { principal } = await requireSignIn(c.env.context, directory);
      const memberships = await members.listOf(principal.id);
      const found = await table.listAmong(memberships.map(({ organizationId }) => organizationId));
      const shown = found.map((organization) => {
        const member = memberships.find(({ organizationId }) => organizationId === organization.organizationId);
        return toShownOrganization(organization, member ?? { roles: [] }, principal.org);
      });
      return c.json({
        organizations: shown.toSorted((one, other) => one.name.localeCompare(other.name, 'en')),
        mayCreate: settings.creation === 'users' && memberships.length < settings.maxPerUser,
      } satisfies OrganizationsAnswer);
    })
    .post('/organizations', async (c) => {
      const { name } = await readBody(c.req.raw, nameSchema);
      const { principal } = await requireSignIn(c.env.context, directory);
      if (settings.creation !== 'users')
        throw new SallyportError('SP_FORBIDDEN', { reason: 'organizations-made-by-operators' });
      const by = { actor: principal.id, ...whereOf(c.env.context) };
      const organization = await organizations.create(name, principal.id, by);
      const member = await members.find(organization.organizationId, principal.id);
      if (member === null) throw new SallyportError('SP_CONFLICT', { reason: 'organization-changed' });
      return c.json(await toOrganizationAnswer(parts, organization, member, principal), 201);
    })
    .post('/organizations/active', async (c) => {
      const { organization: organizationId } = await readBody(c.req.raw, activeSchema);
      const { principal } = await requireSignIn(c.env.context, directory);
      const { id: userId, sid } = principal;
      const context = { actor: userId, ...whereOf(c.env.context) };
      if (organizationId === null) {
        await activate(principal, null, context);
        return c.json({ organization: null } satisfies ActiveOrganizationAnswer);
      }
      const request = { userId, sid, organizationId, route: '/auth/organizations/active', context };
      await noteRefusals(request, () => activate(principal, organizationId, context));
      const [organization, member] = await Promise.all([
        table.find(organizationId),
        members.find(organizationId, userId),
      ]);
      // It may have ended since.
      if (organization === null || member === null)
        return c.json({ organization: null } satisfies ActiveOrganizationAnswer);
      return c.json({
        organization: toShownOrganization(organization, member, organizationId),
      } satisfies ActiveOrganizationAnswer);
    })
    .get('/organizations/:id', (c) => {
      const of = { organizationId: c.req.param('id'), route: '/auth/organizations/:id' };
      return asMember(parts, c.env.context, of, async ({ organization, member, session }) =>
        c.json(
          (await toOrganizationAnswer(parts, organization, member, session.principal)) satisfies OrganizationAnswer,
        ),
      );
    })
    .patch('/organizations/:id', async (c) => {
      const { name } = await readBody(c.req.raw, nameSchema);
      const of = { organizationId: c.req.param('id'), route: '/auth/organizations/:id' };
      return asMember(parts, c.env.context, of, async ({ member, session, by }) => {
        const actor = { kind: 'user', userId: member.userId } as const;
        const organization = await organizations.rename(of.organizationId, name, actor, by);
        return c.json(await toOrganizationAnswer(parts, organization, member, session.principal));
      });
    })
    .delete('/organizations/:id', async (c) => {
      await readNothing(c.req.raw);
      const of = { organizationId: c.req.param('id'), route: '/auth/organizations/:id' };
      return asMember(parts, c.env.context, of, async ({ member, session, by }) => {
        await requireRecent(session, parts);
        await organizations.delete(of.organizationId, { kind: 'user', userId: member.userId }, by);
        return c.body(null, 204);
      });
    });
}
