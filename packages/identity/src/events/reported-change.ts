/** A change, and the event that reports it. `null` stands for a change that changes nothing, which is not reported. */
export interface ReportedChange<Outcome, Applied extends Outcome | null> {
  /** Reads what the change is going to do, where the event must be written before it. */
  readonly preview: () => Promise<Outcome | null>;
  readonly apply: () => Promise<Applied>;
  /** Appends the event. */
  readonly report: (outcome: Outcome) => Promise<unknown>;
}

/** Makes a change and reports it. Resolves to what the change did. */
export type MakeReportedChange = <Outcome, Applied extends Outcome | null>(
  change: ReportedChange<Outcome, Applied>,
) => Promise<Applied>;

/**
 * Builds the one order of change and event. In a transaction the event comes second and reports what was done. Without
 * transactions it comes first: a failure in between must not leave a change that nothing reports, while an event without
 * its change is only one too many.
 */
export function createReportedChanges(hasTransactions: boolean): MakeReportedChange {
  return async ({ preview, apply, report }) => {
    if (hasTransactions) {
      const done = await apply();
      if (done !== null) await report(done);
      return done;
    }
    const expected = await preview();
    if (expected !== null) await report(expected);
    return apply();
  };
}
