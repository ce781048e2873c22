import type { SecurityEventLog } from '@sallyport/core';
import type { DescribeAccount, ForgetAccount } from '../../accounts/account-data.ts';
import type { UserTable } from '../../accounts/user-table.ts';
import type { InvitationTable } from './invitation-table.ts';
import type { MemberTable } from './member-table.ts';
import type { OrganizationEvent } from './organization-events.ts';
import { hasOtherOwner } from './organization-owners.ts';
import type { OrganizationRoles } from './organization-roles.ts';
import type { OrganizationTable } from './organization-table.ts';

export interface AccountOrganizationsParts {
  readonly users: Pick<UserTable, 'findById'>;
  readonly table: OrganizationTable;
  readonly members: MemberTable;
  readonly invitations: InvitationTable;
  readonly roles: OrganizationRoles;
  readonly events: SecurityEventLog<OrganizationEvent>;
  readonly now: () => Date;
}

/** The account is deleted whatever its organizations say; the event of that names who did it. */
const where = { requestId: 'account-deletion', address: 'local' } as const;

/**
 * Builds what ends the memberships of an account that is deleted, and the invitations to its address. No organization keeps an account from being deleted: one
 * that has no other member goes with it, and one without another owner is reported, so that an operator names one.
 *
 * The first proof of an address ends none: no user signs in before it, so that operators gave them, as they gave the roles.
 */
export function createForgetMemberships(parts: AccountOrganizationsParts): ForgetAccount {
  const { table, members, invitations, roles, events, now } = parts;
  return async (userId, because, provedAddress) => {
    if (because === 'address-proved') return;
    // What waits for an address that was never proved is for another user, whose it is.
    for (const invitation of provedAddress === undefined ? [] : await invitations.listTo(provedAddress)) {
      const { organizationId: organization, invitationId } = invitation;
      await events.append({
        at: now(),
        outcome: 'success',
        ...where,
        type: 'organization.invitation-ended',
        details: { organization, invitation: invitationId, because: 'account-deleted' },
      });
      await invitations.consume(invitation);
    }
    for (const member of await members.listOf(userId)) {
      const { organizationId } = member;
      await table.lock(organizationId);
      const about = { organization: organizationId };
      const common = { at: now(), outcome: 'success', target: userId, ...where } as const;
      await events.append({
        ...common,
        type: 'organization.member-left',
        details: { ...about, because: 'account-deleted' },
      });
      const isLastOwner = roles.isOwner(member.roles) && !(await hasOtherOwner(parts, organizationId, userId));
      await members.delete(member);
      if ((await members.count(organizationId)) === 0) {
        await events.append({ ...common, type: 'organization.deleted', details: { ...about, members: 0 } });
        await table.delete(organizationId);
        await invitations.deleteAll(organizationId);
      } else if (isLastOwner) await events.append({ ...common, type: 'organization.ownerless', details: about });
    }
  };
}

/** Builds what operators see of the organizations of an account. */
export function createDescribeMemberships({
  table,
  members,
}: Pick<AccountOrganizationsParts, 'table' | 'members'>): DescribeAccount {
  return async (userId) => {
    const memberships = await members.listOf(userId);
    if (memberships.length === 0) return [];
    const found = await table.listAmong(memberships.map(({ organizationId }) => organizationId));
    const names = new Map(found.map(({ organizationId, name }) => [organizationId, name]));
    const values = memberships.map(({ organizationId, roles }) => {
      const name = names.get(organizationId);
      return `${name === undefined ? organizationId : `${name} (${organizationId})`}: ${roles.join(', ')}`;
    });
    return [{ name: 'organizations', values }];
  };
}
