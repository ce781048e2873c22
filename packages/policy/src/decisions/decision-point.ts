import type { PolicyCaller } from '../access/access-for.ts';

/** One question: may this caller do this to this record? */
export interface DecisionQuestion {
  readonly caller: PolicyCaller;
  readonly action: string;
  /** A type of the policy file. */
  readonly type: string;
  readonly record: object;
  /** Asks about this field alone. */
  readonly field?: string | undefined;
}

/** A yes or a no. */
export interface PointDecision {
  readonly isAllowed: boolean;
  /** A stable word for logs: the reason code of the rule that decided. */
  readonly reason: string;
  /** Where the point keeps a log of its own: how the decision is found in it. */
  readonly decisionId?: string;
  /** What the user may be told. */
  readonly textForUser?: string;
}

/**
 * Decides about one record (a policy decision point). Lists and masks are no questions for it: only rules that are data can
 * become a filter, and those of the policy file are.
 */
export interface DecisionPoint {
  /** For logs. */
  readonly name: string;
  /**
   * Resolves to the decision. Where there is none it rejects with `SP_SERVICE_UNAVAILABLE` (503): to allow would open what the
   * rules close, and to refuse (403) would tell users that they lost a right.
   *
   * @throws OptionsError for an action, type or field that the policy file does not declare: a bug of the caller.
   */
  decide(question: DecisionQuestion, options?: { readonly signal?: AbortSignal }): Promise<PointDecision>;
}
