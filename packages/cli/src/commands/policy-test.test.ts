import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createWorkplace, type CommandResult, type Workplace } from '../test-support/memory-terminal.ts';
import { policy } from './shop-policy.test-support.ts';

/** A module of the repository, as a file elsewhere imports it. */
const testing = new URL('../../../policy/src/testing/index.ts', import.meta.url).href;
const defining = new URL('../../../policy/src/index.ts', import.meta.url).href;
const cell = (vera: string) => `{ visitor: [], vera: ${vera}, other: [], former: [], admin: ['update'] }`;
const source = (change: { readonly row?: string; readonly cases?: string; readonly rest?: string } = {}) => `
import { definePolicy } from '${defining}';
import { definePolicyTests } from '${testing}';
const policy = definePolicy(${JSON.stringify(policy)} as const);
export default definePolicyTests(policy, {
  callers: {
    visitor: 'anonymous', vera: { id: 'vera', roles: ['vendor'] }, other: { id: 'bob', roles: ['vendor'] },
    former: { id: 'vera' }, admin: { id: 'ada', roles: ['admin'] },
  },
  records: { hat: { type: 'Product', fields: { id: 'p1', vendorId: 'vera', price: 3 } } },
  matrix: { hat: ${change.row ?? cell("['update']")} },
  cases: ${
    change.cases ??
    `[
    { caller: 'vera', mayNot: 'update', on: 'hat', field: 'price', because: 'price-is-fixed' },
    { caller: 'vera', may: 'update', on: 'hat', field: 'vendorId' },
    { caller: 'vera', mayNot: 'update', on: 'hat', change: { vendorId: 'bob' } },
    { caller: 'admin', may: 'update', on: 'hat', change: { price: 5 } },
  ]`
  },
  ${change.rest ?? ''}
});
`;

let place: Workplace;
beforeAll(() => {
  place = createWorkplace();
});
let written = 0;
/** A module is loaded once: each test has a file of its own. */
const runTests = (text: string, ...args: readonly string[]): Promise<CommandResult> => {
  const file = `tests-${(written += 1)}.ts`;
  writeFileSync(join(place.folder, file), text);
  return place.run(['policy', 'test', '--tests', file, ...args]);
};

describe('sallyport policy test', () => {
  it('passes, and shows how many changes of each rule were noticed', async () => {
    writeFileSync(join(place.folder, 'sallyport.policy-tests.ts'), source());
    const { code, output, errors } = await place.run(['policy', 'test']);
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(/^RULE +EFFECT +NAME +CHANGES +NOTICED\n0 +allow +own +\d+ +\d+\n/);
    expect(output).toMatch(
      /24 of 24 tests passed\.\n\d+ changes of rules: \d+ noticed, 0 not noticed, 0 accepted\.\n$/,
    );
  });

  it('names a rule that can be removed, with exit code 1', async () => {
    const { code, output } = await runTests(source({ cases: '[]' }));
    expect(code).toBe(1);
    expect(output).toContain('No test notices: rules[2] price-is-fixed: removed');
  });

  it('writes the members of the report as JSON', async () => {
    const { code, json } = await runTests(source({ cases: '[]' }), '--json');
    expect(code).toBe(1);
    expect(json()).toMatchObject({ isPassed: false, tests: 20, passed: 20, failures: [], accepted: 0 });
    expect(Object.keys(json() as object)).toEqual([
      'isPassed',
      'tests',
      'passed',
      'failures',
      'mutations',
      'noticed',
      'survived',
      'accepted',
      'rules',
      'outdatedAcceptances',
    ]);
  });

  it('shows what a failed test expected, and changes no rule', async () => {
    const { code, output } = await runTests(source({ row: cell("['read', 'update']") }));
    expect(code).toBe(1);
    expect(output).toMatch(/^FAILED +EXPECTED +GOT +WHY\nvera may read hat +allowed +refused: no-rule-allows/);
    expect(output).toContain('Rules were not changed: first the tests have to pass.');
  });

  it.each([
    { args: [], time: '2026-01-01T12:00:00.000Z' },
    { args: ['--now', '2027-02-03T04:05:06+01:00'], time: '2027-02-03T03:05:06.000Z' },
  ])('pins the clock of the tests to $time', async ({ args, time }) => {
    const rest = 'acceptedSurvivors: { [`${new Date().toISOString()} ${Date.now()}`]: String(Date()) },';
    const { json } = await runTests(source({ rest }), '--json', ...args);
    expect(json()).toMatchObject({ outdatedAcceptances: [`${time} ${Date.parse(time)}`] });
    expect(Date.now()).not.toBe(Date.parse(time));
  });

  it('runs the tests alone with --without-mutations', async () => {
    const { code, output } = await runTests(source({ cases: '[]' }), '--without-mutations');
    expect([code, output]).toEqual([0, '20 of 20 tests passed.\n']);
  });

  it.each([
    {
      name: 'have no time',
      args: ['--now', '2026-01-01T12:00:00'],
      text: source(),
      code: 2,
      says: /--now needs a time with its zone/,
    },
    { name: 'cannot be parsed', text: 'export default {', code: 3, says: /cannot be loaded: / },
    { name: 'have no default export', text: 'export const tests = {};', code: 3, says: /must have a default export/ },
    { name: 'are something else', text: 'export default 3;', code: 3, says: /they are no object/ },
    {
      name: 'leave a caller out',
      text: source({ row: '{ visitor: [] }' }),
      code: 3,
      says: /matrix\.hat: has nothing for the caller vera/,
    },
    { name: 'have an unknown key', text: source({ rest: 'case: [],' }), code: 3, says: /case is not known/ },
    {
      name: 'are of a policy that is refused',
      text: source().replace('"eq"', '"equals"'),
      code: 3,
      says: /rules\[0\] \(own\)/,
    },
  ])('says what to do where the tests $name', async ({ args = [], text, code, says }) => {
    const result = await runTests(text, ...args);
    expect({ code: result.code, output: result.output }).toEqual({ code, output: '' });
    expect(result.errors).toMatch(says);
    expect(result.errors).not.toContain('fault of sallyport');
  });
});
