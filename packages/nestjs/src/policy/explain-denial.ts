import type { Caller } from '@sallyport/core';
import { accessFor, type AnyPolicy, type Decision, type PointDecision, type WriteDecision } from '@sallyport/policy';
import type { PolicyDenial } from './policy-denial.ts';

/** What was denied to whom. */
export interface DeniedRequest {
  readonly caller: Caller;
  readonly action: string;
  readonly type: string;
  readonly record: object;
  /** Fields that were not to be shown. */
  readonly hidden?: readonly string[];
  /** Of a write: why, and which changed fields were not to be changed. */
  readonly write?: WriteDecision;
  /** What a decision point said, where that was asked in place of the policy file. */
  readonly decided?: PointDecision;
}

/** Why the policy denied something. */
export interface DenialReport {
  readonly denial: PolicyDenial;
  /** For administrators: for the log alone. */
  readonly explanation: string;
  /** For the caller; `undefined` where the title of the error says it. */
  readonly textForUser: string | undefined;
}

interface Verdict {
  readonly decision: Decision;
  readonly textForUser: string | undefined;
  readonly textForAdministrator: string;
}

/** Says why the policy denied something, for the log and for the caller. */
export function explainDenial(policy: AnyPolicy, denied: DeniedRequest): DenialReport {
  const { decision, textForUser, textForAdministrator } = judge(policy, denied);
  const { action, type, record, hidden = [], write } = denied;
  const fields = write?.refusedFields ?? hidden;
  const id = recordIdOf(record);
  return {
    denial: {
      action,
      type,
      ...(id === undefined ? {} : { record: id }),
      reason: decision.reason,
      ...(decision.rule === undefined ? {} : { rule: decision.rule.index }),
      ...(fields.length === 0 ? {} : { fields }),
    },
    explanation: textForAdministrator,
    textForUser,
  };
}

function judge(policy: AnyPolicy, denied: DeniedRequest): Verdict {
  const { caller, action, type, record, hidden = [], write, decided } = denied;
  if (decided !== undefined) return verdictOf(decided);
  const explanation = accessFor(policy, caller).explain(action, type, record);
  if (!explanation.decision.allowed) return explanation;
  // The record as it was is no reason: it is what a write would make of it, or some of its fields.
  if (write === undefined) {
    const text = `The answer holds what the caller may not ${action}: ${hidden.join(', ')}.`;
    const decision = { allowed: false, reason: 'field-not-permitted' };
    return { decision, textForUser: undefined, textForAdministrator: text };
  }
  const texts = write.rule === undefined ? undefined : policy.rules[write.rule.index]?.texts;
  const changed = write.refusedFields.length === 0 ? '' : ` (${write.refusedFields.join(', ')})`;
  return {
    decision: write,
    textForUser: texts?.user,
    textForAdministrator: texts?.administrator ?? `The write is refused: ${write.reason}${changed}.`,
  };
}

/** The policy file knows nothing of why. */
function verdictOf({ reason, textForUser, decisionId }: PointDecision): Verdict {
  const found = decisionId === undefined ? '' : `, decision ${decisionId}`;
  return {
    decision: { allowed: false, reason },
    textForUser,
    textForAdministrator: `The decision point refuses it: ${reason}${found}.`,
  };
}

function recordIdOf(record: object): string | undefined {
  const id: unknown = Reflect.get(record, 'id');
  const text = typeof id === 'number' ? String(id) : id;
  // Anything else could forge lines in a log that is read as text.
  return typeof text === 'string' && /^[\w.:@-]{1,128}$/.test(text) ? text : undefined;
}
