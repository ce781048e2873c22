import { organizationPermissions, type LiveSession, type RequestContext, type SessionDirectory } from '@sallyport/core';
import { whereOf, type AuditContext } from '../../events/audit-context.ts';
import { requireSignIn } from '../../http/identity-request.ts';
import type { Member, MemberTable } from './member-table.ts';
import { refusalOf, unknownOrganization, type NoteRefusals } from './organization-refusals.ts';
import type { OrganizationRoles } from './organization-roles.ts';
import type { Organization, OrganizationTable } from './organization-table.ts';

export interface OrganizationAccessParts {
  readonly directory: SessionDirectory;
  readonly table: OrganizationTable;
  readonly members: MemberTable;
  readonly roles: OrganizationRoles;
  readonly noteRefusals: NoteRefusals;
}

/** A request of a member. */
export interface MemberRequest {
  readonly session: LiveSession;
  readonly organization: Organization;
  readonly member: Member;
  /** For the events of what is done. */
  readonly by: AuditContext;
}

/**
 * Answers a request about an organization for a member of it, by the membership as it is stored, whichever organization the
 * session works in. Every other user gets `SP_NOT_FOUND`, as for an organization that there is not; that, and what a member
 * is refused, is written down.
 *
 * @param route the pattern of the route, for the event.
 */
export async function asMember<T>(
  parts: OrganizationAccessParts,
  context: RequestContext,
  { organizationId, route }: { readonly organizationId: string; readonly route: string },
  answer: (request: MemberRequest) => Promise<T>,
): Promise<T> {
  const { directory, table, members, noteRefusals } = parts;
  const session = await requireSignIn(context, directory);
  const { id: userId, sid } = session.principal;
  const by: AuditContext = { actor: userId, ...whereOf(context) };
  return noteRefusals({ userId, sid, organizationId, route, context: by }, async () => {
    const organization = await table.find(organizationId);
    const member = organization === null ? null : await members.find(organizationId, userId);
    if (organization === null || member === null) throw unknownOrganization();
    return answer({ session, organization, member, by });
  });
}

/** Demands that a member manages members. Rejects with `SP_FORBIDDEN`. */
export function requireMemberManager({ roles }: Pick<OrganizationAccessParts, 'roles'>, member: Member): void {
  if (!roles.permissionsOf(member.roles).has(organizationPermissions.members)) throw refusalOf('permission-missing');
}
