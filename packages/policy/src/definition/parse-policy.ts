import { OptionsError } from '@sallyport/core/browser';
import { findPolicyProblems } from './find-policy-problems.ts';
import { copyPlainData } from './plain-data.ts';
import type { AnyPolicy } from './policy.ts';

/** Policies that were checked here. A copy that was made elsewhere, or cast, is checked before it decides anything. */
const checked = new WeakSet<AnyPolicy>();

/**
 * Checks a policy of unknown origin, as {@link definePolicy} does: the gateway reads it from its configuration.
 *
 * @returns a read-only copy with defaults filled in; what was checked before is returned as it is.
 * @throws OptionsError that lists every problem, one a line, each with the rule that it is in.
 */
export function parsePolicy(definition: unknown): AnyPolicy {
  if (typeof definition === 'object' && definition !== null && checked.has(definition as AnyPolicy))
    return definition as AnyPolicy; // It is in the set of policies.
  const copy = copyPlainData(definition);
  const problems = findPolicyProblems(copy);
  if (problems.length > 0)
    throw new OptionsError(`The policy cannot be used:\n${problems.map(({ message }) => `  ${message}`).join('\n')}`);
  // Nothing was found: it has the members of a policy, and only those.
  const written = copy as Partial<AnyPolicy> & Pick<AnyPolicy, 'permissions' | 'roles'>;
  const policy: AnyPolicy = { source: 'database', organizationRoles: {}, records: {}, rules: [], ...written };
  freezeDeeply(policy);
  checked.add(policy);
  return policy;
}

function freezeDeeply(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeDeeply(member);
}
