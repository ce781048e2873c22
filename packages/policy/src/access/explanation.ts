import type { Decision, Question } from './decision.ts';
import type { RuleReference } from './rule.ts';

/** What came of one rule. */
export interface RuleTrace {
  readonly rule: RuleReference;
  /**
   * `applies`; `not-met`: a condition does not hold for the record; `field-not-covered`: the rule is about other fields;
   * `exempt`: the caller holds the permission of `unless`; `judged-at-write`: a denial that looks at the record after a write.
   */
  readonly outcome:
    | 'applies'
    | 'sign-in-required'
    | 'permission-missing'
    | 'exempt'
    | 'field-not-covered'
    | 'judged-at-write'
    | 'not-met';
  /** What does not hold, as sentences: `vendorId is the caller's id`. */
  readonly unmet: readonly string[];
}

/** What a rule that allows would need, all of it. */
export interface WayToAllow {
  readonly rule: RuleReference;
  /** `sign in`, `permission product:update`, `vendorId is the caller's id`, a denial that would have to go. */
  readonly needs: readonly string[];
}

/** Why something is allowed or refused, and what would allow it. */
export interface Explanation {
  readonly decision: Decision;
  /** Every rule on the action and the type, denials first. */
  readonly why: readonly RuleTrace[];
  /** One for each rule that allows. Empty when it is allowed already, or when no rule would allow it to any caller. */
  readonly whatWouldAllow: readonly WayToAllow[];
  /** For the caller: the text of the rule that decided, or a plain sentence. Says nothing of rules, permissions or others. */
  readonly textForUser: string;
  /** For an operator: each rule with what came of it, and what would allow it. */
  readonly textForAdministrator: string;
}

/** Writes the sentence for the caller. */
export function textForUser(
  question: Question,
  decision: Decision,
  ofRule: string | undefined,
  isSignInMissing = false,
): string {
  if (!decision.allowed && ofRule !== undefined) return ofRule;
  const object = `${question.field === undefined ? '' : `${toWords(question.field)} of `}this ${toWords(question.type)}`;
  const action = toWords(question.action);
  if (decision.allowed) return `You may ${action} ${object}.`;
  return isSignInMissing ? `Sign in to ${action} ${object}.` : `You may not ${action} ${object}.`;
}

/** `OrderLine` is "order line" to a reader. */
function toWords(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[_-]+/g, ' ')
    .toLowerCase();
}
