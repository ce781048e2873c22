import { exitCodes, UsageError } from '@sallyport/core';
import { runPolicyTests, type PolicyTestReport, type RuleMutationReport } from '@sallyport/policy/testing';
import type { Command } from '../command.ts';
import { toPlainText, toTable } from '../table.ts';
import { loadPolicyTests } from './load-policy-tests.ts';
import { withPinnedClock } from './pinned-clock.ts';

/** Tests are the same every day. */
const usualTime = '2026-01-01T12:00:00Z';

/** Runs the tests of a policy, and changes each of its rules to see whether they notice. */
export const testPolicy: Command = {
  name: 'policy test',
  summary: 'Runs the tests of a policy, and changes each rule to see whether a test notices',
  options: {
    tests: { value: 'file', describe: 'The file of the tests; sallyport.policy-tests.ts in this folder by default' },
    now: { value: 'time', describe: `The time at which the tests run; ${usualTime} by default` },
    'without-mutations': { describe: 'Runs the tests alone, and changes no rule' },
  },
  notes: [
    'The file exports definePolicyTests(policy, { … }) of @sallyport/policy/testing. No configuration is read, and no store',
    'is opened. Exit code 1 when a test fails, or when a rule can be removed or changed without a test that notices.',
  ],
  run: async (call) => {
    const named = call.value('tests');
    const file = named === undefined ? undefined : call.resolvePath(named);
    const report = await withPinnedClock(timeOf(call.value('now') ?? usualTime), async () => {
      const tests = await loadPolicyTests(file, call.terminal.workingFolder);
      return runPolicyTests(tests, { mutations: !call.has('without-mutations') });
    });
    call.report(toJson(report), toText(report, call.has('without-mutations')));
    return report.isPassed ? exitCodes.done : exitCodes.refused;
  },
};

function timeOf(text: string): Date {
  const time = new Date(text);
  // Without a zone it would be another time on each machine.
  if (/(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new UsageError(`--now needs a time with its zone, such as ${usualTime}.`, exitCodes.usage);
}

function toJson({ isPassed, tests, failures, rules, outdatedAcceptances }: PolicyTestReport) {
  return { isPassed, tests, passed: tests - failures.length, failures, ...totalsOf(rules), rules, outdatedAcceptances };
}

function totalsOf(rules: readonly RuleMutationReport[]) {
  const sum = (count: (rule: RuleMutationReport) => number): number =>
    rules.reduce((total, rule) => total + count(rule), 0);
  const mutations = sum((rule) => rule.mutations);
  const survived = sum(({ survivors }) => survivors.length);
  const accepted = sum((rule) => Object.keys(rule.accepted).length);
  return { mutations, noticed: mutations - survived, survived: survived - accepted, accepted };
}

function toText(report: PolicyTestReport, isWithoutMutations: boolean): string {
  const { tests, failures, rules, outdatedAcceptances } = report;
  const { mutations, noticed, survived, accepted } = totalsOf(rules);
  const about = failures.length > 0 ? 'Rules were not changed: first the tests have to pass.' : '';
  const blocks = [
    failures.length === 0 ? '' : failureTable(report),
    rules.length === 0 ? '' : ruleTable(rules),
    survivorLines(rules).join('\n'),
    outdatedAcceptances.map((name) => `No survivor, and accepted as one: ${toPlainText(name)}`).join('\n'),
    [
      `${tests - failures.length} of ${tests} tests passed.`,
      isWithoutMutations || failures.length > 0
        ? about
        : `${mutations} changes of rules: ${noticed} noticed, ${survived} not noticed, ${accepted} accepted.`,
    ]
      .filter((line) => line !== '')
      .join('\n'),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function failureTable({ failures }: PolicyTestReport): string {
  return toTable(
    ['FAILED', 'EXPECTED', 'GOT', 'WHY'],
    failures.map(({ name, expected, actual, why }) => [name, expected, actual, why.replaceAll('\n', ' ')]),
  );
}

function ruleTable(rules: readonly RuleMutationReport[]): string {
  return toTable(
    ['RULE', 'EFFECT', 'NAME', 'CHANGES', 'NOTICED'],
    rules.map(({ rule, effect, name, mutations, survivors }) => [
      String(rule),
      effect,
      name,
      String(mutations),
      String(mutations - survivors.length),
    ]),
  );
}

function survivorLines(rules: readonly RuleMutationReport[]): readonly string[] {
  return rules.flatMap(({ rule, name, survivors, accepted }) =>
    survivors
      .filter((change) => !Object.hasOwn(accepted, change))
      .map((change) => toPlainText(`No test notices: rules[${rule}] ${name}: ${change}`)),
  );
}
