import type { SecurityEvent } from '@sallyport/core';
import * as z from 'zod';

const organization = z.string();
const invitation = z.string();
const roles = z.array(z.string());

/** Security events of organizations. `target` is the user whose membership it is about. */
export const organizationEvents = {
  'organization.created': z
    .strictObject({ organization, roles })
    .describe('A user made an organization, and has these roles in it'),
  'organization.renamed': z.strictObject({ organization }).describe('An organization got another name'),
  'organization.deleted': z
    .strictObject({ organization, members: z.number().int() })
    .describe('An organization was deleted, with its memberships and invitations'),
  'organization.activated': z
    .strictObject({ from: organization.nullable(), to: organization.nullable() })
    .describe('A session turned to another organization, or to none'),
  'organization.ownerless': z
    .strictObject({ organization })
    .describe('The account of the last owner was deleted, and the organization has no owner now: name another one'),
  'organization.access-refused': z
    .strictObject({ organization, reason: z.string(), code: z.string(), route: z.string() })
    .describe(
      'A request about an organization was refused: of a user who is no member, or beyond the authority of a member; at most 20 a minute for each user',
    ),
  'organization.member-joined': z
    .strictObject({ organization, roles, invitation: invitation.optional() })
    .describe('A user became a member of an organization, by an invitation or by an operator'),
  'organization.member-roles-changed': z
    .strictObject({ organization, from: roles, to: roles })
    .describe('The roles of a member of an organization were replaced'),
  'organization.member-left': z
    .strictObject({ organization, because: z.enum(['left', 'removed', 'account-deleted']) })
    .describe('A membership of an organization ended'),
  'organization.invitation-created': z
    .strictObject({ organization, invitation, roles })
    .describe('A member invited an address into an organization'),
  'organization.invitation-sent-again': z
    .strictObject({ organization, invitation })
    .describe('An invitation was mailed again with another link; the link before works no longer'),
  'organization.invitation-ended': z
    .strictObject({ organization, invitation, because: z.enum(['revoked', 'declined', 'account-deleted']) })
    .describe(
      'An invitation was withdrawn by a member, declined by its reader, or the account of its address was deleted',
    ),
} as const;

/** An event of the catalog. */
export type OrganizationEvent = SecurityEvent<typeof organizationEvents>;
