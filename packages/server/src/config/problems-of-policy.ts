import { findPolicyProblems } from '@sallyport/policy';
import type { Config } from './config-schema.ts';
import type { ConfigurationProblem } from './configuration-error.ts';

/** What is wrong with the records and rules of the policy. Roles are looked at with everything that names one. */
export function problemsOfPolicy({ policy }: Config): readonly ConfigurationProblem[] {
  return findPolicyProblems(policy)
    .filter(({ path: [part] }) => part === 'records' || part === 'rules')
    .map(({ path, message }) => ({ key: ['policy', ...path].join('.'), problem: message }));
}
