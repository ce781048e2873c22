import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createWorkplace, goodPassword, type CommandResult, type Workplace } from '../test-support/memory-terminal.ts';

const policy = {
  permissions: {
    'product:update': "Change one's own products",
    'product:update-any': 'Change any',
    'user:manage': 'Manage',
  },
  roles: { user: [], vendor: ['product:update'], admin: ['product:update-any', 'user:manage'] },
  organizationRoles: {},
  records: { Product: { fields: { id: 'string', vendorId: 'string', price: 'number' } } },
  rules: [
    {
      allow: 'update',
      on: 'Product',
      to: 'product:update',
      when: { vendorId: { eq: { subject: 'id' } } },
      reason: 'own',
    },
    { allow: 'update', on: 'Product', to: 'product:update-any', reason: 'any' },
    {
      deny: 'update',
      on: 'Product',
      fields: ['price'],
      unless: 'product:update-any',
      reason: 'price-is-fixed',
      texts: { user: 'Prices are set for you.', administrator: 'Prices belong to product:update-any.' },
    },
  ],
};
const { organizationRoles: _, ...configured } = policy;
const ada = 'ada@example.test';

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
beforeAll(async () => {
  place = createWorkplace({}, { policy: configured });
  await place.run(['users', 'create-admin', '--email', ada, '--password-stdin'], `${goodPassword}\n`);
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

describe('sallyport policy explain', () => {
  const hat = JSON.stringify({ id: 'p1', vendorId: 'vera', price: 3 });
  const explain = (...args: readonly string[]) => place.run(['policy', 'explain', ...args]);

  it('goes by the roles that an account has in the store', async () => {
    const { code, output, errors } = await explain(ada, 'update', hat, '--type', 'Product');
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(/^Allowed: any \(rules\[1\]\)/);
    expect(output).toContain('Permissions: product:update-any user:manage');
  });

  it('goes by the roles of the policy file where roles are given, and opens no store', async () => {
    const bare = createWorkplace({}, { policy: configured });
    const { code, output } = await bare.run([
      'policy',
      'explain',
      'bob',
      'update',
      hat,
      '--type',
      'Product',
      '--roles',
      'vendor,user',
    ]);
    expect(code).toBe(1);
    expect(output).toMatch(/^Refused: no-rule-allows/);
    expect(output).toMatch(/0 +allow +own +not-met +\S/);
    expect(output).toMatch(/1 +allow +any +permission-missing/);
    expect(output).toContain('What would allow it, one of:');
  });

  it('has a text for the user that says nothing of rules, and one for the administrator', async () => {
    const result = await explain(
      'vera',
      'update',
      hat,
      '--type',
      'Product',
      '--field',
      'price',
      '--roles',
      'vendor',
      '--json',
    );
    expect(result.code).toBe(1);
    expect(result.json()).toMatchObject({
      decision: { allowed: false, reason: 'price-is-fixed' },
      textForUser: 'Prices are set for you.',
      textForAdministrator: expect.stringContaining('Prices belong to product:update-any.') as string,
      caller: { id: 'vera', permissions: ['product:update'] },
    });
  });

  it('reads the record from a file', async () => {
    writeFileSync(join(place.folder, 'hat.json'), hat);
    const { code } = await explain('vera', 'update', '@hat.json', '--type', 'Product', '--roles', 'vendor');
    expect(code).toBe(0);
  });

  it('knows a caller who is not signed in', async () => {
    const { code, output } = await explain('anonymous', 'update', hat, '--type', 'Product');
    expect(code).toBe(1);
    expect(output).toContain('Caller: anonymous');
  });

  it.each([
    {
      name: 'a record that is no JSON',
      args: ['vera', 'update', '{secret', '--type', 'Product'],
      code: 2,
      says: /must be one JSON object/,
    },
    {
      name: 'a record that is a list',
      args: ['vera', 'update', '[]', '--type', 'Product'],
      code: 2,
      says: /must be one JSON object/,
    },
    {
      name: 'a file that is not there',
      args: ['vera', 'update', '@none.json', '--type', 'Product'],
      code: 2,
      says: /none\.json cannot be read/,
    },
    { name: 'no type', args: ['vera', 'update', '{}'], code: 2, says: /--type <type> is missing/ },
    {
      name: 'a type that is not declared',
      args: ['vera', 'update', '{}', '--type', 'Prodct'],
      code: 2,
      says: /did you mean "Product"/,
    },
    {
      name: 'an action that is not declared',
      args: ['vera', 'updat', '{}', '--type', 'Product'],
      code: 2,
      says: /did you mean "update"/,
    },
    {
      name: 'a field that is not declared',
      args: ['vera', 'update', '{}', '--type', 'Product', '--field', 'prize'],
      code: 2,
      says: /did you mean "price"/,
    },
    {
      name: 'a role that is not declared',
      args: ['vera', 'update', '{}', '--type', 'Product', '--roles', 'vendro'],
      code: 2,
      says: /Did you mean vendor\?/,
    },
    {
      name: 'roles of no organization',
      args: ['vera', 'update', '{}', '--type', 'Product', '--org-roles', 'owner'],
      code: 2,
      says: /goes with --org/,
    },
    {
      name: 'an account that is not there',
      args: ['none@example.test', 'update', '{}', '--type', 'Product'],
      code: 1,
      says: /No account has this email address/,
    },
  ])('refuses $name, and repeats nothing of the record', async ({ args, code, says }) => {
    const result = await explain(...args);
    expect({ code: result.code, output: result.output }).toEqual({ code, output: '' });
    expect(result.errors).toMatch(says);
    expect(result.errors).not.toContain('secret');
  });
});
