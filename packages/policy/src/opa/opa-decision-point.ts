import type { DecisionPoint } from '../decisions/decision-point.ts';
import { askOpa, unavailable } from './ask-opa.ts';
import { requireKnownQuestion } from './known-question.ts';
import { isUndefinedResult, toDecision } from './opa-decision.ts';
import { toOpaInput } from './opa-input.ts';
import { resolveOpaOptions, type OpaDecisionPointOptions } from './opa-options.ts';

/**
 * Builds the decision point that asks Open Policy Agent, by its REST data API. Every question is a request of its own, and
 * nothing is remembered: what OPA decides now is what counts.
 *
 * The rule that is asked gives `true` or `false`, or `{ "allow": …, "reason": …, "text": … }`. Everything else is no decision:
 * a rule that is undefined, a policy that is not loaded yet, an error, a redirect, no answer in time. Then `decide` rejects
 * with `SP_SERVICE_UNAVAILABLE` (503) and a reason for the log: `opa-unreachable`, `opa-timeout`, `opa-refused`, `opa-undefined`,
 * `opa-unreadable`, `opa-token-missing`.
 *
 * @throws OptionsError for options that cannot be used.
 * @see {@link https://www.openpolicyagent.org/docs/rest-api#data-api OPA, Data API}
 * @example
 * const decisions = createOpaDecisionPoint({ policy, url: 'http://127.0.0.1:8181', rule: 'shop/decision' });
 */
export function createOpaDecisionPoint(options: OpaDecisionPointOptions): DecisionPoint {
  const resolved = resolveOpaOptions(options);
  return {
    name: 'opa',
    decide: async (question, { signal } = {}) => {
      requireKnownQuestion(resolved.policy, question);
      const answer = await askOpa(resolved, toOpaInput(resolved.policy, question), signal);
      const decision = toDecision(answer);
      if (decision !== undefined) return decision;
      if (isUndefinedResult(answer))
        throw unavailable(
          'opa-undefined',
          `${options.rule} is undefined in OPA: is its policy loaded, and has it a default?`,
        );
      throw unavailable('opa-unreadable', `${options.rule} gives neither true, false nor an object with allow`);
    },
  };
}
