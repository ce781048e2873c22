import type { Records, RetentionRule } from '@sallyport/core';

/** Deletes the rows whose time has passed, and resolves to their number. Rejects with `SP_STORE_UNAVAILABLE`. */
export type DeleteExpired = (now: Date) => Promise<number>;

/** Builds the deletion of rows that a list of rules lets go. */
export function createDeleteExpired(records: Records, rules: readonly RetentionRule[]): DeleteExpired {
  return async (now) => {
    let count = 0;
    for (const { model, expiry, keepSeconds } of rules) {
      const value = new Date(now.getTime() - keepSeconds * 1000);
      count += await records.deleteMany({ model, where: [{ field: expiry, operator: 'lt', value }] });
    }
    return count;
  };
}
