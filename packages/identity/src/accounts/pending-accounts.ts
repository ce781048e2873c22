import type { RetentionRule, SecurityEventLog } from '@sallyport/core';
import type { AuditContext } from '../events/audit-context.ts';
import type { KernelEvent } from '../events/kernel-events.ts';
import type { MakeReportedChange } from '../events/reported-change.ts';
import type { AccountData } from './account-data.ts';
import type { OneTimeLinks } from './one-time-links.ts';
import type { UserTable } from './user-table.ts';

/** How long a sign-up waits for the proof of its address: as long as the link that is mailed for it works. */
export const pendingAccountSeconds = 24 * 60 * 60;

/** What they are called among the rows that expire. */
export const pendingAccountKind = 'pending-accounts';

/** Those whose time is over; only those that were never proved have one. */
export const pendingAccountRetention: RetentionRule = {
  kind: pendingAccountKind,
  model: 'user',
  expiry: 'expiresAt',
  keepSeconds: 0,
};

/** Why a pending account was deleted. */
export type DiscardReason = 'signed-up-again' | 'made-by-operator' | 'expired';

/**
 * Accounts of sign-ups whose address is not proved. A visitor can make one for the address of another person, so that it
 * holds nothing: it gives way to the next sign-up and to an operator, and is deleted when its time is over.
 */
export interface PendingAccounts {
  /**
   * Makes room for another account with the address of a pending one: deletes that, its password, its links and what
   * features keep of it. What is left of it, such as a link or a cookie, names an id that no account has any more.
   *
   * @returns `false` when there is none, also when its address was proved meanwhile. Joins the transaction it is called in.
   */
  discard(email: string, because: DiscardReason, context: AuditContext): Promise<boolean>;
  /** Deletes some of those whose time is over, and resolves to their number. */
  deleteExpired(limit: number): Promise<number>;
  /** Until when the account lives that waits from now on. */
  expiryFrom(at: Date): Date;
}

export interface PendingAccountsOptions {
  readonly users: UserTable;
  readonly links: OneTimeLinks;
  readonly accountData: AccountData;
  readonly events: SecurityEventLog<KernelEvent>;
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly makeReportedChange: MakeReportedChange;
  readonly now: () => Date;
}

const housekeeping: AuditContext = { requestId: 'housekeeping', address: 'local' };

/** Builds the deletion of pending accounts. */
export function createPendingAccounts(options: PendingAccountsOptions): PendingAccounts {
  const { users, links, accountData, events, transaction, makeReportedChange, now } = options;

  const discard = async (id: string, because: DiscardReason, context: AuditContext, expiredAt?: Date) => {
    const discarded = await makeReportedChange({
      preview: async () => id,
      // The delete decides: the address may be proved at the same moment.
      apply: async () => ((await users.deletePending(id, expiredAt)) ? id : null),
      report: () =>
        events.append({
          type: 'account.discarded',
          at: now(),
          outcome: 'success',
          target: id,
          ...context,
          details: { because },
        }),
    });
    if (discarded === null) return false;
    await links.discard('verify-email', id);
    await links.discard('reset-password', id);
    await accountData.forget(id, 'account-gone');
    return true;
  };

  return {
    async discard(email, because, context) {
      const pending = await users.findPending(email);
      return pending === null ? false : discard(pending.id, because, context);
    },
    async deleteExpired(limit) {
      const at = now();
      let count = 0;
      for (const { id } of await users.listExpired(at, limit)) {
        if (await transaction(() => discard(id, 'expired', housekeeping, at))) count += 1;
      }
      return count;
    },
    expiryFrom: (at) => new Date(at.getTime() + pendingAccountSeconds * 1000),
  };
}
