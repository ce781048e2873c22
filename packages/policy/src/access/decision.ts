import type { SubjectValues } from '../conditions/condition-tree.ts';
import { toReference, type RuleReference } from './rule.ts';
import type { TypeAbility } from './type-ability.ts';

/** What is decided about an action on a record. */
export interface Decision {
  readonly allowed: boolean;
  /** Code of the rule that decided, for logs and the caller; `no-rule-allows` where no rule applies. */
  readonly reason: string;
  readonly rule?: RuleReference;
}

/** An action on a record, or on a field of it. */
export interface Question {
  readonly action: string;
  readonly type: string;
  readonly record: unknown;
  readonly field: string | undefined;
}

/** Decides a question, with the rule that did. */
export function decide(ability: TypeAbility, values: SubjectValues, { action, record, field }: Question): Decision {
  const rule = ability.decide(values, action, record, field);
  if (rule === undefined) return { allowed: false, reason: 'no-rule-allows' };
  return { allowed: rule.effect === 'allow', reason: rule.reason, rule: toReference(rule) };
}
