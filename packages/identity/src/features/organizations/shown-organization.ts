import {
  organizationPermissions,
  type LiveSession,
  type OrganizationAnswer,
  type ShownInvitation,
  type ShownMember,
  type ShownOrganization,
} from '@sallyport/core';
import type { User, UserTable } from '../../accounts/user-table.ts';
import type { Invitation } from './invitation-table.ts';
import type { Member, MemberTable } from './member-table.ts';
import { judgeMembershipChange } from './membership-judgement.ts';
import { hasOtherOwner } from './organization-owners.ts';
import type { OrganizationRoles } from './organization-roles.ts';
import type { Organization } from './organization-table.ts';

export interface ShownOrganizationParts {
  readonly users: Pick<UserTable, 'findById'>;
  readonly members: MemberTable;
  readonly roles: OrganizationRoles;
}

/** An organization, as one of its members is shown it. */
export function toShownOrganization(
  { organizationId, name, createdAt }: Organization,
  { roles }: Pick<Member, 'roles'>,
  active: string | undefined,
): ShownOrganization {
  return {
    id: organizationId,
    name,
    createdAt: createdAt.toISOString(),
    roles: [...roles],
    isActive: organizationId === active,
  };
}

/** The whole answer about one organization, for a member. */
export async function toOrganizationAnswer(
  parts: ShownOrganizationParts,
  organization: Organization,
  member: Member,
  { org }: LiveSession['principal'],
): Promise<OrganizationAnswer> {
  const { members, roles } = parts;
  const { organizationId, userId } = member;
  const held = roles.permissionsOf(member.roles);
  const manages = held.has(organizationPermissions.manage);
  const managesMembers = held.has(organizationPermissions.members);
  const isWithinOwn = (name: string): boolean =>
    [...roles.permissionsOf([name])].every((permission) => held.has(permission));
  return {
    organization: toShownOrganization(organization, member, org),
    members: await members.count(organizationId),
    may: {
      rename: manages,
      delete: manages,
      manageMembers: managesMembers,
      leave: !roles.isOwner(member.roles) || (await hasOtherOwner(parts, organizationId, userId)),
    },
    offeredRoles: managesMembers ? roles.names.filter(isWithinOwn) : [],
    roles: [...roles.names],
  };
}

/** A member, as another one is shown it. Addresses are for those who manage members. */
export function toShownMember(
  roles: OrganizationRoles,
  reader: Member,
  member: Member,
  { id, name, email }: User,
): ShownMember {
  const isYou = member.userId === reader.userId;
  const manages = roles.permissionsOf(reader.roles).has(organizationPermissions.members);
  const actor = { kind: 'member', userId: reader.userId, roles: reader.roles } as const;
  const mayRemove =
    judgeMembershipChange({ actor, userId: member.userId, before: member.roles, after: [] }, roles) === undefined;
  return {
    user: { id, name, ...(manages || isYou ? { email } : {}) },
    roles: [...member.roles],
    joinedAt: member.joinedAt.toISOString(),
    isYou,
    mayChange: manages && mayRemove,
    mayRemove,
  };
}

/** An invitation that waits, as those are shown it who manage members. */
export function toShownInvitation(
  organizationRoles: OrganizationRoles,
  reader: Member,
  { invitationId, email, roles, createdAt, sentAt, expiresAt }: Invitation,
  inviter: Pick<User, 'name'> | null,
  at: Date,
): ShownInvitation {
  const actor = { kind: 'member', userId: reader.userId, roles: reader.roles } as const;
  const change = { actor, userId: undefined, before: roles, after: [] };
  return {
    id: invitationId,
    email,
    roles: [...roles],
    invitedBy: inviter?.name ?? null,
    createdAt: createdAt.toISOString(),
    sentAt: sentAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    isExpired: expiresAt <= at,
    mayChange: judgeMembershipChange(change, organizationRoles) === undefined,
  };
}
