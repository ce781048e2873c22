import { isDuplicateRow, retryContended, SallyportError } from '@sallyport/core';
import type { AuditContext } from '../../events/audit-context.ts';
import type { Member } from './member-table.ts';
import { judgeMembershipChange } from './membership-judgement.ts';
import { hasOtherOwner, lastOwner } from './organization-owners.ts';
import { conflict, refusalOf } from './organization-refusals.ts';
import { requireAccount, requireActor, type OrganizationActor, type OrganizationParts } from './organizations.ts';

/** A membership to change. */
export interface MemberSelection {
  readonly organizationId: string;
  readonly userId: string;
}

/** Changes memberships. What an actor may is decided in the transaction of each change. */
export interface Members {
  /**
   * Replaces the roles of a member. Sessions, caches and tokens have followed when this resolves. Rejects with
   * `SP_NOT_FOUND`, `SP_FORBIDDEN`, `SP_AUTHORITY_EXCEEDED`, `SP_LAST_OWNER`, and `SP_VALIDATION_FAILED` for an unknown role.
   */
  setRoles(
    selection: MemberSelection,
    roles: readonly string[],
    actor: OrganizationActor,
    context: AuditContext,
  ): Promise<Member>;
  /** Ends a membership: that of another one, or of the actor, who leaves. As above. */
  remove(selection: MemberSelection, actor: OrganizationActor, context: AuditContext): Promise<void>;
  /** Makes a user a member, for operators: users are invited. Rejects as `requireAccount`, and with `SP_CONFLICT` for a member. */
  add(selection: MemberSelection, roles: readonly string[], context: AuditContext): Promise<Member>;
}

const contention = { maxAttempts: 10, code: 'SP_CONFLICT' } as const;

/** Builds what changes memberships. */
export function createMembers(parts: OrganizationParts): Members {
  const { roles, members, table, updateSessions, events, transaction, hasTransactions, makeReportedChange, now } =
    parts;

  /** Reads and judges, in the transaction of the change. */
  const requireAllowed = async (
    { organizationId, userId }: MemberSelection,
    after: readonly string[],
    actor: OrganizationActor,
  ): Promise<Member> => {
    const by = await requireActor(parts, organizationId, actor);
    const before = await members.find(organizationId, userId);
    if (before === null) throw unknownMember();
    const reason = judgeMembershipChange({ actor: by, userId, before: before.roles, after }, roles);
    if (reason !== undefined) throw refusalOf(reason);
    if (losesOwner(before, after) && !(await hasOtherOwner(parts, organizationId, userId))) throw lastOwner();
    return before;
  };

  const losesOwner = (before: Member, after: readonly string[]): boolean =>
    roles.isOwner(before.roles) && !roles.isOwner(after);

  /**
   * Two owners may have given each other up at the same moment, where no transaction let one wait for the other: each looks
   * once more, and takes back what it did where no owner is left.
   */
  const keepOwner = async (
    before: Member,
    after: readonly string[],
    takeBack: () => Promise<unknown>,
  ): Promise<void> => {
    if (hasTransactions || !losesOwner(before, after)) return;
    if (await hasOtherOwner(parts, before.organizationId, before.userId)) return;
    await takeBack();
    throw lastOwner();
  };

  return {
    async setRoles(selection, names, actor, context) {
      const after = [...new Set(names)];
      roles.requireKnown(after);
      const { organizationId, userId } = selection;
      const changed = await retryContended(contention, async () => {
        const done = await transaction(async () => {
          const before = await requireAllowed(selection, after, actor);
          const written = await makeReportedChange({
            preview: async () => before,
            apply: () => members.setRoles(before, after),
            report: () =>
              events.append({
                type: 'organization.member-roles-changed',
                at: now(),
                outcome: 'success',
                target: userId,
                ...context,
                details: { organization: organizationId, from: [...before.roles], to: after },
              }),
          });
          if (written !== null) await keepOwner(before, after, () => members.setRoles(written, before.roles));
          return written;
        });
        return done ?? 'retry';
      });
      await updateSessions(userId, organizationId, true);
      return changed;
    },
    async remove(selection, actor, context) {
      const { organizationId, userId } = selection;
      const isOwn = actor.kind === 'user' && actor.userId === userId;
      const removeOnce = async (): Promise<Member | null> => {
        const before = await requireAllowed(selection, [], actor);
        const removed = await makeReportedChange({
          preview: async () => before,
          apply: async () => ((await members.delete(before)) ? before : null),
          report: () =>
            events.append({
              type: 'organization.member-left',
              at: now(),
              outcome: 'success',
              target: userId,
              ...context,
              details: { organization: organizationId, because: isOwn ? 'left' : 'removed' },
            }),
        });
        if (removed !== null) await keepOwner(before, [], () => members.insert(before));
        return removed;
      };
      try {
        await retryContended(contention, async () => (await transaction(removeOnce)) ?? 'retry');
      } catch (error) {
        // The process that removed it before may have died before it told the sessions, which is made good now.
        if (error instanceof SallyportError && error.reason === 'member-unknown')
          await updateSessions(userId, organizationId, false);
        throw error;
      }
      await updateSessions(userId, organizationId, false);
    },
    async add({ organizationId, userId }, names, context) {
      const given = [...new Set(names)];
      roles.requireKnown(given);
      return transaction(async () => {
        await requireActor(parts, organizationId, { kind: 'operator' });
        if ((await members.find(organizationId, userId)) !== null) throw alreadyMember();
        await requireRoomIn(parts, organizationId);
        await requireAccount(parts, userId);
        const at = now();
        await events.append({
          type: 'organization.member-joined',
          at,
          outcome: 'success',
          target: userId,
          ...context,
          details: { organization: organizationId, roles: given },
        });
        const member = await members
          .insert({ organizationId, userId, roles: given, joinedAt: at })
          .catch((error: unknown) => {
            throw isDuplicateRow(error) ? alreadyMember() : error;
          });
        await requireStillThere({ table, members }, member);
        return member;
      });
    },
  };
}

/** Demands that one more member has room. Joins the transaction that locked the organization. Rejects with `SP_CONFLICT`. */
export async function requireRoomIn(
  { settings, members }: Pick<OrganizationParts, 'settings' | 'members'>,
  organizationId: string,
): Promise<void> {
  if ((await members.count(organizationId)) < settings.maxMembers) return;
  throw conflict('member-limit', 'organization', `has the ${settings.maxMembers} members that it may have`);
}

/** Without transactions an organization may be deleted while it gets a member: nothing of it stays. */
export async function requireStillThere(
  { table, members }: Pick<OrganizationParts, 'table' | 'members'>,
  member: Member,
): Promise<void> {
  if ((await table.find(member.organizationId)) !== null) return;
  await members.delete(member);
  throw conflict('organization-changed', 'organization', 'was deleted meanwhile');
}

/** The refusal of a user who is a member already. */
export function alreadyMember(): SallyportError {
  return conflict('already-member', 'email', 'is that of a member');
}

/** The refusal of a user who is no member. */
export function unknownMember(): SallyportError {
  return new SallyportError('SP_NOT_FOUND', {
    reason: 'member-unknown',
    errors: [{ field: 'user', message: 'is no member of this organization' }],
  });
}
