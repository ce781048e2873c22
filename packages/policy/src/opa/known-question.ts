import { OptionsError } from '@sallyport/core';
import type { DecisionQuestion } from '../decisions/decision-point.ts';
import type { AnyPolicy } from '../definition/policy.ts';
import { actionsOf } from '../definition/record-types.ts';

/**
 * Refuses a question about a name that the policy file does not declare: OPA would say no to a word that is misspelt.
 *
 * @throws OptionsError that names what is declared.
 */
export function requireKnownQuestion(policy: AnyPolicy, { action, type, field }: DecisionQuestion): void {
  requireOne('type', type, Object.keys(policy.records));
  requireOne(`action of ${type}`, action, actionsOf(policy.records[type] ?? { fields: {} }));
  if (field !== undefined) requireOne(`field of ${type}`, field, Object.keys(policy.records[type]?.fields ?? {}));
}

function requireOne(what: string, name: string, declared: readonly string[]): void {
  if (!declared.includes(name))
    throw new OptionsError(`"${name}" is no ${what} in the policy; there are ${declared.join(', ') || 'none'}`);
}
