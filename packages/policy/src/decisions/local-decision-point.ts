import { accessFor } from '../access/access-for.ts';
import type { AnyPolicy } from '../definition/policy.ts';
import type { DecisionPoint } from './decision-point.ts';

/**
 * Builds the decision point that goes by the rules of the policy file, in this process. It never fails to answer.
 *
 * @example
 * const decisions = createLocalDecisionPoint(policy);
 * const { isAllowed } = await decisions.decide({ caller, action: 'update', type: 'Product', record: product });
 */
export function createLocalDecisionPoint(policy: AnyPolicy): DecisionPoint {
  return {
    name: 'local',
    decide: async ({ caller, action, type, record, field }) => {
      const access = accessFor(policy, caller);
      const { allowed, reason } = access.check(action, type, record, field);
      if (allowed) return { isAllowed: true, reason };
      return { isAllowed: false, reason, textForUser: access.explain(action, type, record, field).textForUser };
    },
  };
}
