import { isDuplicateRow, organizationPermissions, SallyportError } from '@sallyport/core';
import type { User } from '../../accounts/user-table.ts';
import { isOperator, type AuditContext } from '../../events/audit-context.ts';
import type { Invitation } from './invitation-table.ts';
import type { Member } from './member-table.ts';
import { alreadyMember, requireRoomIn, requireStillThere } from './members.ts';
import type { Organization } from './organization-table.ts';
import { requireRoomFor, type OrganizationParts } from './organizations.ts';

/** An invitation, as the holder of its token is shown it. */
export interface OfferedMembership {
  readonly organization: Organization;
  readonly invitation: Invitation;
  /** The name of the member who invites; `null` for an operator. */
  readonly invitedBy: string | null;
  /** Those of the invitation that there still are. */
  readonly roles: readonly string[];
}

/** What the holder of the token of an invitation does with it. */
export interface InvitationAnswers {
  /** What a token offers now; it stays as good as it was. Rejects with `SP_LINK_INVALID`. */
  find(token: string): Promise<OfferedMembership>;
  /**
   * Makes a user a member, and uses the token up: for exactly one caller. Rejects with `SP_LINK_INVALID`, with `SP_FORBIDDEN`
   * for an account whose verified address is another one, and with `SP_CONFLICT` for a member, and where there is no room.
   */
  accept(token: string, userId: string, context: AuditContext): Promise<OfferedMembership>;
  /** Uses the token up. Rejects with `SP_LINK_INVALID`. */
  decline(token: string, context: AuditContext): Promise<void>;
}

/** Builds what answers invitations. Whether the one who invited may still do so is asked when it is answered. */
export function createInvitationAnswers(parts: OrganizationParts): InvitationAnswers {
  const { roles, table, members, invitations, users, events, transaction, makeReportedChange, now } = parts;

  /** Whether who invited may give these roles now; with the name. */
  const findInviter = async (
    { organizationId, invitedBy }: Invitation,
    offered: readonly string[],
  ): Promise<{ readonly name: string | null } | undefined> => {
    if (isOperator(invitedBy)) return { name: null };
    const [user, member] = await Promise.all([users.findById(invitedBy), members.find(organizationId, invitedBy)]);
    if (user === null || user.isBanned || member === null) return undefined;
    const held = roles.permissionsOf(member.roles);
    const needed = [organizationPermissions.members, ...roles.permissionsOf(offered)];
    return needed.every((permission) => held.has(permission)) ? { name: user.name } : undefined;
  };

  const find = async (token: string): Promise<OfferedMembership> => {
    const invitation = await invitations.findByToken(token, now());
    if (invitation === null) throw invalidLink('invitation-unknown');
    const organization = await table.find(invitation.organizationId);
    if (organization === null) throw invalidLink('organization-unknown');
    const offered = roles.knownAmong(invitation.roles);
    const inviter = await findInviter(invitation, offered);
    if (inviter === undefined || offered.length === 0) throw invalidLink('invitation-without-authority');
    return { organization, invitation, invitedBy: inviter.name, roles: offered };
  };

  const insertMember = (invitation: Invitation, userId: string, offered: readonly string[]): Promise<Member> =>
    members
      .insert({ organizationId: invitation.organizationId, userId, roles: offered, joinedAt: now() })
      .catch((error: unknown) => {
        throw isDuplicateRow(error) ? alreadyMember() : error;
      });

  const acceptOnce = async (token: string, userId: string, context: AuditContext): Promise<OfferedMembership> => {
    const { organizationId } = (await find(token)).invitation;
    if (!(await table.lock(organizationId))) throw invalidLink('organization-unknown');
    // What another transaction did, that was waited for.
    const offer = await find(token);
    const { invitation } = offer;
    requireInvited(await users.findById(userId), invitation);
    if ((await members.find(organizationId, userId)) !== null) throw alreadyMember();
    await requireRoomIn(parts, organizationId);
    await requireRoomFor(parts, userId);
    const accepted = await makeReportedChange({
      preview: async () => offer,
      // The delete decides: of two who read the same row, one removes it.
      apply: async () => {
        if (!(await invitations.consume(invitation))) return null;
        await requireStillThere(parts, await insertMember(invitation, userId, offer.roles));
        return offer;
      },
      report: () =>
        events.append({
          type: 'organization.member-joined',
          at: now(),
          outcome: 'success',
          target: userId,
          ...context,
          details: { organization: organizationId, roles: [...offer.roles], invitation: invitation.invitationId },
        }),
    });
    if (accepted === null) throw invalidLink('invitation-used');
    return accepted;
  };

  return {
    find,
    accept: (token, userId, context) => transaction(() => acceptOnce(token, userId, context)),
    async decline(token, context) {
      const { invitation } = await find(token);
      const { organizationId, invitationId } = invitation;
      const declined = await transaction(() =>
        makeReportedChange({
          preview: async () => invitation,
          apply: async () => ((await invitations.consume(invitation)) ? invitation : null),
          report: () =>
            events.append({
              type: 'organization.invitation-ended',
              at: now(),
              outcome: 'success',
              ...context,
              details: { organization: organizationId, invitation: invitationId, because: 'declined' },
            }),
        }),
      );
      if (declined === null) throw invalidLink('invitation-used');
    },
  };
}

/** Whether an account is that of the invited address, and its owner proved that. */
export function isInvited(user: Pick<User, 'email' | 'emailVerified'>, { email }: Pick<Invitation, 'email'>): boolean {
  return user.emailVerified && user.email === email;
}

function requireInvited(user: User | null, invitation: Invitation): void {
  if (user !== null && !user.isBanned && isInvited(user, invitation)) return;
  const errors = [{ field: 'token', message: 'is for another address than the confirmed one of this account' }];
  throw new SallyportError('SP_FORBIDDEN', { reason: 'invitation-for-another-address', errors });
}

function invalidLink(reason: string): SallyportError {
  return new SallyportError('SP_LINK_INVALID', { reason });
}
