import type { RecordFilter } from '../ports/records.ts';

/** Rows that are deleted once the time in a column of theirs has passed, and some more. */
export interface RetentionRule {
  /** What they are, for operators: the label of a metric, and a word of `doctor`. */
  readonly kind: string;
  readonly model: string;
  /** The column of type `date` that says when a row expires. It is indexed. */
  readonly expiry: string;
  /** How long it is kept after that. */
  readonly keepSeconds: number;
}

/** The condition of rows that a rule lets go. */
export function isLetGoBy({ expiry, keepSeconds }: RetentionRule, now: Date): RecordFilter {
  return { field: expiry, operator: 'lt', value: new Date(now.getTime() - keepSeconds * 1000) };
}
