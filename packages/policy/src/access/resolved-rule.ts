import type { Test } from '../conditions/test.ts';
import type { FieldType } from '../definition/record-types.ts';

/** The rule that a decision or an explanation is about. */
export interface RuleReference {
  /** Its place in `policy.rules`. */
  readonly index: number;
  readonly effect: 'allow' | 'deny';
  /** Its code: what was written as `reason`, or `rule-` and its index. */
  readonly reason: string;
}

/** A rule that is about the caller, with the caller's values filled in. JSON. */
export interface ResolvedRule extends RuleReference {
  readonly actions: readonly string[];
  readonly fields?: readonly string[];
  /** Absent where it always applies. */
  readonly when?: Test;
  /** What was written as `after`. Where it is absent, a rule that allows demands `when` again. */
  readonly after?: Test;
  readonly textForUser?: string;
}

/** A type of record, and what a caller may do with it. JSON. */
export interface ResolvedType {
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly actions: readonly string[];
  readonly rules: readonly ResolvedRule[];
}

/** The rule that others are told of. */
export function toReference({ index, effect, reason }: RuleReference): RuleReference {
  return { index, effect, reason };
}
