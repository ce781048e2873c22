import type { RuleCondition } from '../conditions/rule-condition.ts';
import type { FieldType } from '../definition/record-types.ts';

/** The rule that a decision or an explanation is about. */
export interface RuleReference {
  /** Its place in `policy.rules`. */
  readonly index: number;
  readonly effect: 'allow' | 'deny';
  /** Its code: what was written as `reason`, or `rule-` and its index. */
  readonly reason: string;
}

/** A rule as it is decided by, for every caller whom it is about. */
export interface Rule extends RuleReference {
  readonly actions: readonly string[];
  readonly fields: readonly string[] | undefined;
  /** Absent where it always applies. */
  readonly when: RuleCondition | undefined;
  /** What must hold after a write. For a rule that allows it is `when` unless something else was written. */
  readonly after: RuleCondition | undefined;
  /** Whether `after` was written. */
  readonly hasAfter: boolean;
  readonly textForUser: string | undefined;
}

/** A type of record, and the rules on it. */
export interface RuledType {
  readonly name: string;
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly actions: readonly string[];
}

/** The rule that others are told of. */
export function toReference({ index, effect, reason }: RuleReference): RuleReference {
  return { index, effect, reason };
}
