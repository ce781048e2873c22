import type { Records, RetentionRule } from '@sallyport/core';
import type { PendingAccounts } from '../accounts/pending-accounts.ts';

/** Deletes the rows whose time has passed, and resolves to their number. Rejects with `SP_STORE_UNAVAILABLE`. */
export type DeleteExpired = (now: Date) => Promise<number>;

const batchSize = 200;

/** Builds the deletion of rows that a list of rules lets go. */
export function createDeleteExpired(
  records: Records,
  rules: readonly RetentionRule[],
  pendingAccounts: Pick<PendingAccounts, 'deleteExpired'>,
): DeleteExpired {
  return async (now) => {
    let count = 0;
    for (let deleted = batchSize; deleted === batchSize; count += deleted)
      deleted = await pendingAccounts.deleteExpired(batchSize);
    for (const { model, expiry, keepSeconds } of rules) {
      const value = new Date(now.getTime() - keepSeconds * 1000);
      count += await records.deleteMany({ model, where: [{ field: expiry, operator: 'lt', value }] });
    }
    return count;
  };
}
