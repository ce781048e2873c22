import { SallyportError } from '@sallyport/core';
import type { UserTable } from '../../accounts/user-table.ts';
import type { MemberTable } from './member-table.ts';
import type { OrganizationRoles } from './organization-roles.ts';

export interface OrganizationOwnersParts {
  readonly users: Pick<UserTable, 'findById'>;
  readonly members: MemberTable;
  readonly roles: OrganizationRoles;
}

const pageSize = 100;

/** Whether an organization has an owner beside this user who can sign in. Reads its members. */
export async function hasOtherOwner(
  { users, members, roles }: OrganizationOwnersParts,
  organizationId: string,
  besideUserId: string,
): Promise<boolean> {
  for (let after = ''; ;) {
    const page = await members.list(organizationId, pageSize, after);
    for (const member of page) {
      if (member.userId === besideUserId || !roles.isOwner(member.roles)) continue;
      const user = await users.findById(member.userId);
      if (user !== null && !user.isBanned) return true;
    }
    if (page.length < pageSize) return false;
    after = page.at(-1)?.userId ?? '';
  }
}

/** The refusal of what would leave an organization without an owner. */
export function lastOwner(): SallyportError {
  return new SallyportError('SP_LAST_OWNER', { reason: 'last-owner' });
}
