import { isDuplicateRow, organizationPermissions, retryContended } from '@sallyport/core';
import type { UserTable } from '../../accounts/user-table.ts';
import type { AuditContext } from '../../events/audit-context.ts';
import type { ReserveInvitationMail } from './invitation-mailer.ts';
import { createInvitationToken, type Invitation } from './invitation-table.ts';
import { alreadyMember } from './members.ts';
import { judgeMembershipChange, type MembershipActor } from './membership-judgement.ts';
import { conflict, refusalOf, unknownInvitation, unknownOrganization } from './organization-refusals.ts';
import { requireActor, type OrganizationActor, type OrganizationParts } from './organizations.ts';

/** An address to invite. */
export interface InvitationRequest {
  readonly organizationId: string;
  /** As `toEmailAddress` makes it. */
  readonly email: string;
  readonly roles: readonly string[];
}

/** An invitation that waits. */
export interface InvitationSelection {
  readonly organizationId: string;
  readonly invitationId: string;
}

/**
 * Invites addresses into organizations. The token is in the mail alone, and works once. Whether an address has an account
 * changes nothing of an answer or a mail.
 */
export interface Invitations {
  /**
   * Rejects with `SP_NOT_FOUND`, `SP_FORBIDDEN`, `SP_AUTHORITY_EXCEEDED`, `SP_VALIDATION_FAILED` for an unknown role,
   * `SP_CONFLICT` for an address that is invited or a member, and `SP_TOO_MANY_ATTEMPTS`.
   */
  create(request: InvitationRequest, actor: InvitingActor, context: AuditContext): Promise<Invitation>;
  /** Mails another token; the one before works no longer. As above. */
  resend(selection: InvitationSelection, actor: InvitingActor, context: AuditContext): Promise<Invitation>;
  /** Rejects with `SP_NOT_FOUND`, `SP_FORBIDDEN`, and `SP_AUTHORITY_EXCEEDED` for roles beyond one's own permissions. */
  revoke(selection: InvitationSelection, actor: OrganizationActor, context: AuditContext): Promise<void>;
}

/** Who invites. */
export interface InvitingActor {
  readonly kind: 'user';
  readonly userId: string;
  /** How the mail calls them. */
  readonly name: string | undefined;
}

export interface InvitationsParts extends OrganizationParts {
  readonly users: Pick<UserTable, 'findById' | 'findByEmail'>;
  readonly reserveMail: ReserveInvitationMail;
}

const contention = { maxAttempts: 5, code: 'SP_CONFLICT' } as const;
const dayMilliseconds = 86_400_000;

/** Builds what invites. */
export function createInvitations(parts: InvitationsParts): Invitations {
  const { settings, roles, table, members, invitations, users, reserveMail, events } = parts;
  const { transaction, makeReportedChange, now } = parts;
  const { days, maxOpen } = settings.invitations;

  const expiryFrom = (at: Date): Date => new Date(at.getTime() + days * dayMilliseconds);

  const requireManager = async (organizationId: string, actor: OrganizationActor): Promise<MembershipActor> => {
    const by = await requireActor(parts, organizationId, actor);
    if (by.kind === 'member' && !roles.permissionsOf(by.roles).has(organizationPermissions.members))
      throw refusalOf('permission-missing');
    return by;
  };

  const requireMayInvite = async (organizationId: string, names: readonly string[], actor: OrganizationActor) => {
    const by = await requireManager(organizationId, actor);
    const reason = judgeMembershipChange({ actor: by, userId: undefined, before: [], after: names }, roles);
    if (reason !== undefined) throw refusalOf(reason);
  };

  /** Who may not give a role takes none back either: a manager does not undo what an owner has begun. */
  const requireMayRevoke = ({ roles: before }: Invitation, by: MembershipActor): void => {
    const reason = judgeMembershipChange({ actor: by, userId: undefined, before, after: [] }, roles);
    if (reason !== undefined) throw refusalOf(reason);
  };

  /** The same queries for every address, so that the time tells nothing of accounts. */
  const requireNoMember = async (organizationId: string, email: string): Promise<void> => {
    const user = await users.findByEmail(email);
    if ((await members.find(organizationId, user?.id ?? '')) !== null) throw alreadyMember();
  };

  /** An invitation that expired gives way. */
  const requireNoneOpen = async (organizationId: string, email: string, at: Date): Promise<void> => {
    const before = await invitations.findByAddress(organizationId, email);
    if (before !== null && at < before.expiresAt) throw alreadyInvited();
    if (before !== null) await invitations.consume(before);
    if ((await invitations.countOpen(organizationId, at)) >= maxOpen)
      throw conflict('invitation-limit', 'email', `is one more than the ${maxOpen} invitations that may wait`);
  };

  /** Reserves the mail first: what is not mailed is not written. */
  const mailed = async (
    { email, organizationId }: Pick<InvitationRequest, 'email' | 'organizationId'>,
    { userId, name }: InvitingActor,
    write: (token: string) => Promise<Invitation>,
  ): Promise<Invitation> => {
    const mail = await reserveMail({ email, organizationId, inviterId: userId });
    const token = createInvitationToken();
    let written: Invitation;
    let organization;
    try {
      written = await write(token);
      organization = await table.find(organizationId);
    } catch (error) {
      await mail.giveBack();
      throw error;
    }
    if (organization === null) throw unknownOrganization();
    mail.send(token, { organization: organization.name, by: name });
    return written;
  };

  const insert = (request: InvitationRequest, actor: InvitingActor, token: string, context: AuditContext) => {
    const { organizationId, email } = request;
    return transaction(async () => {
      await requireMayInvite(organizationId, request.roles, actor);
      await requireNoMember(organizationId, email);
      const at = now();
      await requireNoneOpen(organizationId, email, at);
      const invitation = await invitations
        .insert({ ...request, invitedBy: actor.userId, createdAt: at, sentAt: at, expiresAt: expiryFrom(at) }, token)
        .catch((error: unknown) => {
          throw isDuplicateRow(error) ? alreadyInvited() : error;
        });
      await events.append({
        type: 'organization.invitation-created',
        at,
        outcome: 'success',
        ...context,
        details: { organization: organizationId, invitation: invitation.invitationId, roles: [...request.roles] },
      });
      return invitation;
    });
  };

  const renew = (
    { organizationId, invitationId }: InvitationSelection,
    actor: InvitingActor,
    token: string,
    context: AuditContext,
  ) =>
    transaction(async () => {
      await requireManager(organizationId, actor);
      const before = await invitations.find(organizationId, invitationId);
      if (before === null) throw unknownInvitation();
      await requireMayInvite(organizationId, before.roles, actor);
      await requireNoMember(organizationId, before.email);
      const at = now();
      return makeReportedChange({
        preview: async () => before,
        apply: () =>
          invitations.renew(before, { invitedBy: actor.userId, sentAt: at, expiresAt: expiryFrom(at) }, token),
        report: () =>
          events.append({
            type: 'organization.invitation-sent-again',
            at,
            outcome: 'success',
            ...context,
            details: { organization: organizationId, invitation: invitationId },
          }),
      });
    });

  return {
    async create(request, actor, context) {
      const wanted = { ...request, roles: [...new Set(request.roles)] };
      roles.requireKnown(wanted.roles);
      // A quick answer to those who may not, before a mail is taken from those who may.
      await transaction(() => requireMayInvite(wanted.organizationId, wanted.roles, actor));
      return mailed(wanted, actor, (token) => insert(wanted, actor, token, context));
    },
    async resend(selection, actor, context) {
      const { organizationId, invitationId } = selection;
      const found = await transaction(async () => {
        await requireManager(organizationId, actor);
        return invitations.find(organizationId, invitationId);
      });
      if (found === null) throw unknownInvitation();
      return mailed(found, actor, (token) =>
        retryContended(contention, async () => (await renew(selection, actor, token, context)) ?? 'retry'),
      );
    },
    async revoke({ organizationId, invitationId }, actor, context) {
      await retryContended(contention, async () => {
        const revoked = await transaction(async () => {
          const by = await requireManager(organizationId, actor);
          const before = await invitations.find(organizationId, invitationId);
          if (before === null) throw unknownInvitation();
          requireMayRevoke(before, by);
          return makeReportedChange({
            preview: async () => before,
            apply: async () => ((await invitations.consume(before)) ? before : null),
            report: () =>
              events.append({
                type: 'organization.invitation-ended',
                at: now(),
                outcome: 'success',
                ...context,
                details: { organization: organizationId, invitation: invitationId, because: 'revoked' },
              }),
          });
        });
        return revoked ?? 'retry';
      });
    },
  };
}

function alreadyInvited() {
  return conflict('invitation-exists', 'email', 'is invited already: send that invitation again');
}
