import {
  retryContended,
  SallyportError,
  type InvalidationBus,
  type RevocationReason,
  type SecurityEventLog,
  type SessionStore,
} from '@sallyport/core';
import type { AccountData } from '../../accounts/account-data.ts';
import type { Authority } from '../../accounts/authority.ts';
import type { OneTimeLinks } from '../../accounts/one-time-links.ts';
import { unknownAccount } from '../../accounts/unknown-account.ts';
import type { User, UserTable } from '../../accounts/user-table.ts';
import type { AuditContext } from '../../events/audit-context.ts';
import type { KernelEvent } from '../../events/kernel-events.ts';
import type { MakeReportedChange } from '../../events/reported-change.ts';
import type { SessionRevocation } from '../../sessions/session-revocation.ts';
import type { AdministrationEvent } from './administration-events.ts';

/** What is said of a ban. */
export interface BanTerms {
  /** When it ends by itself. @default never */
  readonly until?: Date | undefined;
  /** For those who manage accounts. */
  readonly reason?: string | undefined;
}

/** Shuts accounts out. Each method is done as a whole, or rejects. */
export interface AccountExclusion {
  /** As `Accounts.setBanned`. */
  setBanned(userId: string, ban: BanTerms | null, context: AuditContext): Promise<number>;
  /** As `Accounts.deleteUser`. */
  deleteUser(userId: string, context: AuditContext): Promise<void>;
  /** Ends every session of an account, and resolves to their number. */
  endSessions(userId: string, reason: RevocationReason, context: AuditContext): Promise<number>;
}

export interface AccountExclusionParts {
  readonly users: UserTable;
  readonly links: OneTimeLinks;
  readonly accountData: Pick<AccountData, 'forget' | 'suspend'>;
  readonly authority: Authority;
  readonly sessions: SessionStore;
  readonly revocation: SessionRevocation;
  readonly events: SecurityEventLog<KernelEvent | AdministrationEvent>;
  readonly bus: InvalidationBus;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly makeReportedChange: MakeReportedChange;
  readonly now: () => Date;
}

const contention = { maxAttempts: 20, code: 'SP_CONFLICT' } as const;
/** Nothing is ever made again for an account that is gone. */
const everyGeneration = Number.MAX_SAFE_INTEGER;

/** Builds the ways to shut an account out. Whether the actor may is decided in the transaction of each. */
export function createAccountExclusion(parts: AccountExclusionParts): AccountExclusion {
  const { users, links, accountData, authority, sessions, revocation, events } = parts;
  const { bus, transaction, makeReportedChange, now } = parts;

  const requireFuture = ({ until }: BanTerms): void => {
    if (until === undefined || until > now()) return;
    const errors = [{ field: 'until', message: 'must be in the future' }];
    throw new SallyportError('SP_VALIDATION_FAILED', { reason: 'ban-over', errors });
  };

  const requireUser = async (userId: string): Promise<User> => {
    const user = await users.findById(userId);
    if (user === null) throw unknownAccount();
    return user;
  };

  /** A change in a transaction, repeated while others are faster. A refusal is written down after it was taken back. */
  const change = <Outcome extends object>(
    userId: string,
    context: AuditContext,
    work: () => Promise<Outcome | null>,
  ): Promise<Outcome> =>
    retryContended(contention, async () => {
      const changed = await transaction(work).catch(async (error: unknown) => {
        await authority.noteRefusal(error, userId, context);
        throw error;
      });
      return changed ?? 'retry';
    });

  const publish = (id: string, minGeneration: number, reason: string): Promise<void> =>
    bus.publish({ kind: 'user', id, minGeneration, at: now(), reason });

  const changeBan = async (userId: string, terms: BanTerms | null, context: AuditContext): Promise<User | null> => {
    const user = await requireUser(userId);
    if (terms === null) await authority.requireProtectionChange(user, context);
    else await authority.requireExclusion(user, context);
    const at = now();
    const { until = null, reason = null } = terms ?? {};
    const reported = { at, outcome: 'success', target: userId, ...context } as const;
    return makeReportedChange({
      preview: async () => user,
      async apply() {
        const changed = await users.change(user, { ban: terms === null ? null : { at, until, reason } }, at);
        if (changed !== null && terms !== null) await accountData.suspend(userId);
        return changed;
      },
      report: () =>
        events.append(
          terms === null
            ? { ...reported, type: 'account.unbanned', details: {} }
            : { ...reported, type: 'account.banned', details: until === null ? {} : { until: until.toISOString() } },
        ),
    });
  };

  const deleteRows = async (userId: string, context: AuditContext): Promise<User | null> => {
    const user = await requireUser(userId);
    await authority.requireExclusion(user, context);
    const deleted = await makeReportedChange({
      preview: async () => user,
      // The delete decides: the account may be changed at the same moment.
      apply: async () => ((await users.delete(user)) ? user : null),
      report: () =>
        events.append({
          type: 'account.deleted',
          at: now(),
          outcome: 'success',
          target: userId,
          ...context,
          details: {},
        }),
    });
    if (deleted === null) return null;
    await links.discard('verify-email', userId);
    await links.discard('reset-password', userId);
    await accountData.forget(userId, 'account-gone', user.emailVerified ? user.email : undefined);
    return user;
  };

  const endSessions: AccountExclusion['endSessions'] = (userId, reason, context) =>
    revocation.transaction(reason, async (noteEnded) => {
      const at = now();
      const ended = await makeReportedChange({
        preview: async () => (await sessions.listLive(userId, at)).length || null,
        apply: async () => {
          const sids = await sessions.revokeAll(userId, reason, at);
          noteEnded(sids);
          return sids.length || null;
        },
        report: (count) =>
          events.append({
            type: 'session.ended-many',
            at,
            outcome: 'success',
            target: userId,
            ...context,
            details: { reason, count },
          }),
      });
      return ended ?? 0;
    });

  const announceDeletion = async (userId: string, context: AuditContext): Promise<void> => {
    await publish(userId, everyGeneration, 'deleted');
    await endSessions(userId, 'administrator', context);
  };

  return {
    endSessions,
    async setBanned(userId, terms, context) {
      requireFuture(terms ?? {});
      const changed = await change(userId, context, () => changeBan(userId, terms, context));
      // The ban alone shuts the user out, also when this process ends before the next line.
      await publish(userId, changed.generation, terms === null ? 'unbanned' : 'banned');
      return terms === null ? 0 : endSessions(userId, 'banned', context);
    },
    async deleteUser(userId, context) {
      try {
        await change(userId, context, () => deleteRows(userId, context));
      } catch (error) {
        // The process that deleted it before may have died before it published that, which is made good now.
        if (error instanceof SallyportError && error.code === 'SP_NOT_FOUND') await announceDeletion(userId, context);
        throw error;
      }
      await announceDeletion(userId, context);
    },
  };
}
