import type { PointDecision } from '../decisions/decision-point.ts';

/** What is said where OPA gives no reason. */
const usualReasons = { allowed: 'opa-allows', refused: 'opa-refuses' } as const;
/** A word for logs, such as `owner-is-fixed`. Anything else may be the record itself. */
const reasonForm = /^[a-z][a-z0-9-]{0,63}$/;
const maxTextLength = 500;

/**
 * Reads an answer of OPA. A decision is `true` or `false`, or an object with `allow`, and as it likes `reason` (a word for
 * logs) and `text` (for the user). No result at all, which is what an undefined rule or a policy that is not loaded gives,
 * is no decision, and neither is anything else.
 *
 * @returns `undefined` where the answer is no decision.
 */
export function toDecision(answer: unknown): PointDecision | undefined {
  if (!isMembers(answer)) return undefined;
  const { result, decision_id: decisionId } = answer;
  const { allow, reason, text } = isMembers(result) ? result : { allow: result };
  if (typeof allow !== 'boolean') return undefined;
  return {
    isAllowed: allow,
    reason:
      typeof reason === 'string' && reasonForm.test(reason) ? reason : usualReasons[allow ? 'allowed' : 'refused'],
    ...(typeof decisionId === 'string' && decisionId.length <= 100 ? { decisionId } : {}),
    ...(!allow && typeof text === 'string' && text !== '' ? { textForUser: text.slice(0, maxTextLength) } : {}),
  };
}

/** Whether an answer has no result at all. */
export function isUndefinedResult(answer: unknown): boolean {
  return isMembers(answer) && !Object.hasOwn(answer, 'result');
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
