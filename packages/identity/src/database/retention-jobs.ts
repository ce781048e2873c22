import { deleteInBatches, deletionBatchSize, isLetGoBy, type Records, type RetentionRule } from '@sallyport/core';
import { pendingAccountKind, type PendingAccounts } from '../accounts/pending-accounts.ts';

/** Deletes the rows of one kind whose time is over, a few at once. */
export interface RetentionJob {
  /** What they are: the label of a metric, and a word of `doctor`. */
  readonly kind: string;
  /** Resolves to the number of rows. Rejects with `SP_STORE_UNAVAILABLE`. */
  readonly run: (now: Date) => Promise<number>;
}

export interface RetentionJobsOptions {
  readonly records: Records;
  readonly rules: readonly RetentionRule[];
  readonly pendingAccounts: Pick<PendingAccounts, 'deleteExpired'>;
}

/** Builds a job for each rule. Pending accounts go with all that hangs on them, each in its own transaction. */
export function createRetentionJobs({
  records,
  rules,
  pendingAccounts,
}: RetentionJobsOptions): readonly RetentionJob[] {
  return rules.map((rule) => ({
    kind: rule.kind,
    run: (now) =>
      rule.kind === pendingAccountKind
        ? deletePendingAccounts(pendingAccounts)
        : deleteInBatches(records, rule.model, [isLetGoBy(rule, now)]),
  }));
}

async function deletePendingAccounts(pendingAccounts: Pick<PendingAccounts, 'deleteExpired'>): Promise<number> {
  for (let count = 0; ;) {
    const deleted = await pendingAccounts.deleteExpired(deletionBatchSize);
    count += deleted;
    if (deleted < deletionBatchSize) return count;
  }
}
