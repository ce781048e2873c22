import { runPolicyTests } from '@sallyport/policy/testing';
import { expect, it } from 'vitest';
import tests from './policy-tests.ts';

it('the policy of the shop passes its tests, which notice every changed rule', () => {
  const { failures, rules, outdatedAcceptances } = runPolicyTests(tests);
  const unnoticed = rules.flatMap(({ name, survivors, accepted }) =>
    survivors.filter((change) => !Object.hasOwn(accepted, change)).map((change) => `${name}: ${change}`),
  );
  expect({ failures, unnoticed, outdatedAcceptances }).toEqual({
    failures: [],
    unnoticed: [],
    outdatedAcceptances: [],
  });
});
