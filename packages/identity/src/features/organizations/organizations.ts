import { organizationPermissions, retryContended, type Records, type SecurityEventLog } from '@sallyport/core';
import { unknownAccount } from '../../accounts/unknown-account.ts';
import { isPendingAccount, type UserTable } from '../../accounts/user-table.ts';
import type { AuditContext } from '../../events/audit-context.ts';
import type { MakeReportedChange } from '../../events/reported-change.ts';
import type { InvitationTable } from './invitation-table.ts';
import type { UpdateMemberSessions } from './member-sessions.ts';
import type { Member, MemberTable } from './member-table.ts';
import type { MembershipActor } from './membership-judgement.ts';
import type { OrganizationSettings } from './organization-config.ts';
import type { OrganizationEvent } from './organization-events.ts';
import { conflict, refusalOf, unknownOrganization } from './organization-refusals.ts';
import type { OrganizationRoles } from './organization-roles.ts';
import { createOrganizationId, type Organization, type OrganizationTable } from './organization-table.ts';

/** What the parts of the feature share. */
export interface OrganizationParts {
  readonly settings: OrganizationSettings;
  readonly roles: OrganizationRoles;
  readonly users: Pick<UserTable, 'findById'>;
  readonly table: OrganizationTable;
  readonly members: MemberTable;
  readonly invitations: InvitationTable;
  readonly updateSessions: UpdateMemberSessions;
  readonly records: Records;
  readonly events: SecurityEventLog<OrganizationEvent>;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly hasTransactions: boolean;
  readonly makeReportedChange: MakeReportedChange;
  readonly now: () => Date;
}

/** Who asks: a member by the id of the user, or the operator at the command line. */
export type OrganizationActor = { readonly kind: 'operator' } | { readonly kind: 'user'; readonly userId: string };

/** Makes, renames and deletes organizations. What an actor may is decided in the transaction of each change. */
export interface Organizations {
  /** Rejects as `requireAccount`, and with `SP_CONFLICT` when the user is a member of as many as one may be. */
  create(name: string, ownerId: string, context: AuditContext): Promise<Organization>;
  /** Rejects with `SP_NOT_FOUND` for a caller who is no member, and `SP_FORBIDDEN` for one who may not. */
  rename(organizationId: string, name: string, actor: OrganizationActor, context: AuditContext): Promise<Organization>;
  /** As above. The sessions of all members have left it, and every cache has heard of it, when this resolves. */
  delete(organizationId: string, actor: OrganizationActor, context: AuditContext): Promise<void>;
}

const pageSize = 100;
const contention = { maxAttempts: 5, code: 'SP_CONFLICT' } as const;

/** Builds what makes, renames and deletes organizations. */
export function createOrganizations(parts: OrganizationParts): Organizations {
  const { settings, roles, table, members, invitations, updateSessions, events } = parts;
  const { transaction, makeReportedChange, now } = parts;

  const change = (
    organizationId: string,
    actor: OrganizationActor,
    work: (organization: Organization) => Promise<Organization | null>,
  ): Promise<Organization> =>
    retryContended(contention, async () => {
      const changed = await transaction(async () => {
        const by = await requireActor(parts, organizationId, actor);
        if (by.kind === 'member' && !roles.permissionsOf(by.roles).has(organizationPermissions.manage))
          throw refusalOf('permission-missing');
        const organization = await table.find(organizationId);
        if (organization === null) throw unknownOrganization();
        return work(organization);
      });
      return changed ?? 'retry';
    });

  return {
    create: (name, ownerId, context) =>
      transaction(async () => {
        await requireRoomFor(parts, ownerId);
        const creatorRoles = [...settings.creatorRoles];
        const at = now();
        const organizationId = createOrganizationId();
        await events.append({
          type: 'organization.created',
          at,
          outcome: 'success',
          target: ownerId,
          ...context,
          details: { organization: organizationId, roles: creatorRoles },
        });
        await members.insert({ organizationId, userId: ownerId, roles: creatorRoles, joinedAt: at });
        // Last: without transactions a membership of nothing is none, and an organization without an owner would be one.
        return table.insert({ organizationId, name, createdBy: context.actor ?? ownerId, createdAt: at });
      }),
    rename: (organizationId, name, actor, context) =>
      change(organizationId, actor, (organization) =>
        makeReportedChange({
          preview: async () => organization,
          apply: async () => ((await table.rename(organizationId, name)) ? { ...organization, name } : null),
          report: () =>
            events.append({
              type: 'organization.renamed',
              at: now(),
              outcome: 'success',
              ...context,
              details: { organization: organizationId },
            }),
        }),
      ),
    async delete(organizationId, actor, context) {
      let left: readonly string[] = [];
      await change(organizationId, actor, async (organization) => {
        const userIds = await userIdsOf(members, organizationId);
        const deleted = await makeReportedChange({
          preview: async () => organization,
          // The row decides. Then a membership that is left over by an end of this process is one of nothing.
          apply: async () => ((await table.delete(organizationId)) ? organization : null),
          report: () =>
            events.append({
              type: 'organization.deleted',
              at: now(),
              outcome: 'success',
              ...context,
              details: { organization: organizationId, members: userIds.length },
            }),
        });
        if (deleted === null) return null;
        await invitations.deleteAll(organizationId);
        await members.deleteAll(organizationId);
        left = userIds;
        return organization;
      });
      // One that cannot be told keeps none of the others: no caller can ask for this a second time.
      const failures: unknown[] = [];
      for (const userId of left)
        await updateSessions(userId, organizationId, false).catch((error: unknown) => void failures.push(error));
      if (failures.length > 0) throw failures[0];
    },
  };
}

/**
 * Waits for other changes of the members of an organization, and reads who the actor is in it then. Call it first in the
 * transaction of a change. Rejects with `SP_NOT_FOUND` for an organization that there is not, and for a user who is no member.
 */
export async function requireActor(
  { table, members }: Pick<OrganizationParts, 'table' | 'members'>,
  organizationId: string,
  actor: OrganizationActor,
): Promise<MembershipActor> {
  if (!(await table.lock(organizationId))) throw unknownOrganization();
  if (actor.kind === 'operator') return actor;
  const member = await members.find(organizationId, actor.userId);
  if (member === null) throw unknownOrganization();
  return { kind: 'member', userId: actor.userId, roles: member.roles };
}

/**
 * Demands an account that can be a member, and waits for what else changes or deletes it. Joins the transaction. Rejects with
 * `SP_NOT_FOUND` for one that is gone, and with `SP_CONFLICT` for a sign-up that waits: the next visitor replaces it.
 */
export async function requireAccount(
  { users, records, now }: Pick<OrganizationParts, 'users' | 'records' | 'now'>,
  userId: string,
): Promise<void> {
  await records.updateMany({ model: 'user', where: [{ field: 'id', value: userId }], update: { updatedAt: now() } });
  const user = await users.findById(userId);
  if (user === null) throw unknownAccount();
  if (isPendingAccount(user))
    throw conflict('address-unproven', 'user', 'is an account whose email address is not confirmed yet');
}

/**
 * Demands that a user may be a member of one more organization. Joins the transaction: two that count for one user wait
 * for each other at the row of the account. Rejects as `requireAccount`, and with `SP_CONFLICT`.
 */
export async function requireRoomFor(
  parts: Pick<OrganizationParts, 'settings' | 'members' | 'users' | 'records' | 'now'>,
  userId: string,
): Promise<void> {
  const { settings, members } = parts;
  await requireAccount(parts, userId);
  if ((await members.listOf(userId)).length < settings.maxPerUser) return;
  const message = `is one more than the ${settings.maxPerUser} that one user may be a member of`;
  throw conflict('organization-limit', 'organization', message);
}

async function userIdsOf(members: MemberTable, organizationId: string): Promise<readonly string[]> {
  const userIds: string[] = [];
  for (let page: readonly Member[] = []; ;) {
    page = await members.list(organizationId, pageSize, page.at(-1)?.userId);
    userIds.push(...page.map(({ userId }) => userId));
    if (page.length < pageSize) return userIds;
  }
}
