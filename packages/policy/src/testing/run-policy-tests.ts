import { OptionsError } from '@sallyport/core/browser';
import { parsePolicy } from '../definition/parse-policy.ts';
import type { AnyPolicy, PolicyRule } from '../definition/policy.ts';
import { reasonOf } from '../definition/reasons.ts';
import { toChecks, type PolicyCheck } from './policy-checks.ts';
import type { PolicyTests } from './policy-test-table.ts';
import { mutationsOf } from './rule-mutations.ts';

/** A test that the policy does not pass. */
export interface PolicyTestFailure {
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
  /** What the policy says of it, for its administrator. */
  readonly why: string;
}

/** What became of the changes of one rule. */
export interface RuleMutationReport {
  /** Index in the list of rules. */
  readonly rule: number;
  readonly effect: 'allow' | 'deny';
  readonly reason: string;
  /** How the tests name it: by its reason, and by its actions too where other rules have the same reason. */
  readonly name: string;
  /** How many changes were tried. */
  readonly mutations: number;
  /** Changes that no test noticed, such as "removed". */
  readonly survivors: readonly string[];
  /** Those of them that the tests accept, and why. */
  readonly accepted: Readonly<Record<string, string>>;
}

/** How a policy does in its tests. */
export interface PolicyTestReport {
  /** Whether every test passed and, where rules were changed, every change was noticed or accepted. */
  readonly isPassed: boolean;
  /** How many tests ran: one for each action in each cell of the matrix, and one for each case. */
  readonly tests: number;
  readonly failures: readonly PolicyTestFailure[];
  /** Empty where rules were not changed, because tests failed or it was not asked for. */
  readonly rules: readonly RuleMutationReport[];
  /** Accepted survivors that are none: a test notices them, or there is no such change. */
  readonly outdatedAcceptances: readonly string[];
}

/**
 * Runs the tests of a policy; when all pass, changes each rule in turn and runs them again: a change that no test notices is a
 * survivor. Reads no clock and no file, and draws no lots.
 *
 * @param options.mutations whether rules are changed. @default true
 * @example
 * expect(runPolicyTests(tests)).toMatchObject({ isPassed: true });
 */
export function runPolicyTests(tests: PolicyTests, options: { readonly mutations?: boolean } = {}): PolicyTestReport {
  const checks = toChecks(tests);
  const failures = checks.flatMap((check) => failureOf(check, tests.policy));
  // A change is noticed by a test that passes without it.
  const isMutating = failures.length === 0 && options.mutations !== false;
  const rules = isMutating ? tests.policy.rules.map((rule, index) => mutate(tests, checks, rule, index)) : [];
  const outdatedAcceptances = isMutating ? outdatedOf(tests, rules) : [];
  const hasSurvivors = rules.some(({ survivors, accepted }) => survivors.length > Object.keys(accepted).length);
  return {
    isPassed: failures.length === 0 && !hasSurvivors && outdatedAcceptances.length === 0,
    tests: checks.length,
    failures,
    rules,
    outdatedAcceptances,
  };
}

function failureOf(check: PolicyCheck, policy: AnyPolicy): readonly PolicyTestFailure[] {
  const actual = check.differs(policy);
  if (actual === undefined) return [];
  return [{ name: check.name, expected: check.expected, actual, why: check.explain(policy) }];
}

function mutate(
  tests: PolicyTests,
  checks: readonly PolicyCheck[],
  rule: PolicyRule,
  index: number,
): RuleMutationReport {
  const { policy, acceptedSurvivors } = tests;
  const concerned = checks.filter(({ type }) => type === rule.on);
  const mutations = mutationsOf(rule, policy.records[rule.on] ?? { fields: {} }).flatMap(
    ({ change, rule: changed }) => {
      const rules = changed === undefined ? policy.rules.toSpliced(index, 1) : policy.rules.with(index, changed);
      const mutant = tryToDefine({ ...policy, rules });
      return mutant === undefined ? [] : [{ change, mutant }];
    },
  );
  const survivors = mutations
    .filter(({ mutant }) => concerned.every(({ differs }) => differs(mutant) === undefined))
    .map(({ change }) => change);
  const name = nameOf(policy, rule, index);
  const accepted = survivors.flatMap((change) => {
    const why = acceptedSurvivors[`${name}: ${change}`];
    return why === undefined ? [] : [[change, why] as const];
  });
  return {
    rule: index,
    effect: rule.allow === undefined ? 'deny' : 'allow',
    reason: reasonOf(index, rule.reason),
    name,
    mutations: mutations.length,
    survivors,
    accepted: Object.fromEntries(accepted),
  };
}

/** Its place would be another one as soon as a rule comes before it. */
function nameOf({ rules }: AnyPolicy, rule: PolicyRule, index: number): string {
  const reason = reasonOf(index, rule.reason);
  const isShared = rules.some((other) => other !== rule && other.reason === reason);
  return isShared ? `${reason} (${[rule.allow ?? rule.deny ?? []].flat().join(', ')})` : reason;
}

/** A change that is refused when it is defined is noticed before any test. */
function tryToDefine(definition: object): AnyPolicy | undefined {
  try {
    return parsePolicy(definition);
  } catch (error) {
    if (error instanceof OptionsError) return undefined;
    throw error;
  }
}

function outdatedOf({ acceptedSurvivors }: PolicyTests, rules: readonly RuleMutationReport[]): readonly string[] {
  const used = new Set(
    rules.flatMap(({ name, accepted }) => Object.keys(accepted).map((change) => `${name}: ${change}`)),
  );
  return Object.keys(acceptedSurvivors).filter((name) => !used.has(name));
}
