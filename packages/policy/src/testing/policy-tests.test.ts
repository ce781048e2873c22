import { describe, expect, it } from 'vitest';
import { definePolicy } from '../definition/define-policy.ts';
import { definePolicyTests, parsePolicyTests, type PolicyTests } from './policy-test-table.ts';
import { runPolicyTests } from './run-policy-tests.ts';

const policy = definePolicy({
  permissions: {
    'product:read': 'List and read products',
    'product:update': "Change one's own products",
    'product:update-any': 'Change any product',
  },
  roles: { user: ['product:read'], vendor: ['product:read', 'product:update'], admin: ['product:update-any'] },
  organizationRoles: { editor: ['product:update-any'] },
  records: {
    Product: { fields: { id: 'string', vendorId: 'string', status: 'string', price: 'number', soldAt: 'date' } },
    Note: { fields: { id: 'string' } },
  },
  rules: [
    { allow: 'read', on: 'Product', to: 'everyone', when: { status: { eq: 'published' } }, reason: 'published' },
    {
      allow: ['read', 'update'],
      on: 'Product',
      to: 'product:update',
      when: { vendorId: { eq: { subject: 'id' } } },
      reason: 'own',
    },
    { allow: ['read', 'update'], on: 'Product', to: 'product:update-any', reason: 'any' },
    {
      deny: 'update',
      on: 'Product',
      unless: 'product:update-any',
      fields: ['vendorId'],
      reason: 'owner-is-fixed',
    },
  ],
});

const tests = definePolicyTests(policy, {
  callers: {
    visitor: 'anonymous',
    ursula: { id: 'ursula', roles: ['user'] },
    vera: { id: 'vera', roles: ['vendor'] },
    bob: { id: 'bob', roles: ['vendor'] },
    // Owns the draft, and holds no permission.
    former: { id: 'vera' },
    admin: { id: 'ada', roles: ['admin'] },
    editor: { id: 'eve', org: 'org_1', orgRoles: ['editor'] },
  },
  records: {
    shown: { type: 'Product', fields: { id: 'p1', vendorId: 'bob', status: 'published', soldAt: new Date(0) } },
    draft: { type: 'Product', fields: { id: 'p2', vendorId: 'vera', status: 'draft' } },
    note: { type: 'Note', fields: { id: 'n1' } },
  },
  matrix: {
    shown: {
      visitor: ['read'],
      ursula: ['read'],
      vera: ['read'],
      bob: ['read', 'update'],
      former: ['read'],
      admin: ['read', 'update'],
      editor: ['read', 'update'],
    },
    draft: {
      visitor: [],
      ursula: [],
      vera: ['read', 'update'],
      bob: [],
      former: [],
      admin: ['read', 'update'],
      editor: ['read', 'update'],
    },
    note: { visitor: [], ursula: [], vera: [], bob: [], former: [], admin: [], editor: [] },
  },
  cases: [
    { caller: 'vera', mayNot: 'update', on: 'draft', field: 'vendorId', because: 'owner-is-fixed' },
    { caller: 'vera', may: 'update', on: 'draft', change: { price: 3 } },
    { caller: 'admin', may: 'update', on: 'draft', change: { vendorId: 'bob' } },
    { caller: 'ursula', sees: ['id', 'vendorId', 'status', 'price', 'soldAt'], on: 'shown' },
    { caller: 'ursula', sees: [], on: 'draft' },
  ],
});

/** The same tests, changed, of unknown origin. */
const withChange = (change: object): PolicyTests => parsePolicyTests({ ...tests, ...change });

describe('tests of a policy', () => {
  it('pass, and notice every change of a rule but one that changes nothing', () => {
    const report = runPolicyTests(tests);
    expect(report.failures).toEqual([]);
    // A seller who gives a product away is refused by the last rule already.
    expect(report.rules.flatMap(({ reason, survivors }) => survivors.map((change) => `${reason}: ${change}`))).toEqual([
      'own: without when after a write',
    ]);
    expect(report.isPassed).toBe(false);
    expect(report.tests).toBe(3 * 7 * 4 + 5);
  });

  it('pass where that change is accepted, and an acceptance of another is outdated', () => {
    const acceptedSurvivors = { 'own: without when after a write': 'owner-is-fixed refuses it' };
    expect(runPolicyTests(withChange({ acceptedSurvivors }))).toMatchObject({
      isPassed: true,
      outdatedAcceptances: [],
    });
    const outdated = { ...acceptedSurvivors, 'any: removed': 'no reason', 'gone: removed': 'no rule' };
    expect(runPolicyTests(withChange({ acceptedSurvivors: outdated }))).toMatchObject({
      isPassed: false,
      outdatedAcceptances: ['any: removed', 'gone: removed'],
    });
  });

  it('name rules that share a reason by their actions too', () => {
    const shared = definePolicy({
      permissions: {},
      roles: {},
      records: { Note: { fields: { id: 'string' } } },
      rules: [
        { allow: 'read', on: 'Note', to: 'everyone', reason: 'own' },
        { allow: ['create', 'update'], on: 'Note', to: 'everyone', reason: 'own' },
      ],
    });
    const report = runPolicyTests(
      definePolicyTests(shared, {
        callers: { visitor: 'anonymous' },
        records: { note: { type: 'Note', fields: {} } },
        matrix: { note: { visitor: ['create', 'read', 'update'] } },
      }),
    );
    expect(report).toMatchObject({ isPassed: true, rules: [{ name: 'own (read)' }, { name: 'own (create, update)' }] });
  });

  it('give the same report every time', () => {
    expect(runPolicyTests(tests)).toEqual(runPolicyTests(tests));
  });

  it('name a rule that can be removed without a test that notices', () => {
    const without = withChange({ cases: [] });
    const survivors = runPolicyTests(without).rules.flatMap(({ rule, survivors: all }) =>
      all.map((change) => `${rule} ${change}`),
    );
    expect(survivors).toContain('3 removed');
    expect(survivors).toContain('3 without unless product:update-any');
  });

  it.each([
    {
      name: 'a caller that owns without a permission',
      leave: 'former',
      survivor: 'own: to signed-in instead of product:update',
    },
    { name: 'a caller who is not signed in', leave: 'visitor', survivor: undefined },
    { name: 'the one who may change any', leave: 'admin', survivor: undefined },
  ])('need $name only where no other row notices', ({ leave, survivor }) => {
    const without = (row: object) => Object.fromEntries(Object.entries(row).filter(([caller]) => caller !== leave));
    const fewer = withChange({
      callers: without(tests.callers),
      matrix: Object.fromEntries(Object.entries(tests.matrix).map(([record, row]) => [record, without(row)])),
      cases: tests.cases.filter(({ caller }) => caller !== leave),
    });
    const found = runPolicyTests(fewer).rules.flatMap(({ reason, survivors }) =>
      survivors.map((change) => `${reason}: ${change}`),
    );
    if (survivor !== undefined) expect(found).toContain(survivor);
    expect(found).toContain('own: without when after a write');
  });

  it('change no rule where a test fails, and say what was expected, what came and why', () => {
    const report = runPolicyTests(
      withChange({ matrix: { ...tests.matrix, note: { ...tests.matrix['note'], admin: '*' } } }),
    );
    expect(report).toMatchObject({ isPassed: false, rules: [] });
    expect(report.failures).toHaveLength(4);
    expect(report.failures[0]).toMatchObject({
      name: 'admin may create note',
      expected: 'allowed',
      actual: 'refused: no-rule-allows',
    });
    expect(report.failures[0]?.why).not.toBe('');
  });

  it('fail for another reason than the one that was expected', () => {
    const other = { caller: 'bob', mayNot: 'update', on: 'draft', field: 'vendorId', because: 'no-rule-allows' };
    expect(runPolicyTests(withChange({ cases: [other] })).failures).toEqual([
      expect.objectContaining({ expected: 'refused: no-rule-allows', actual: 'refused: owner-is-fixed' }),
    ]);
  });

  it('are not followed by changes where none are asked for', () => {
    expect(runPolicyTests(tests, { mutations: false })).toMatchObject({ isPassed: true, rules: [] });
  });
});

describe('tests that cannot be used', () => {
  const vera = { id: 'vera', roles: ['vendor'] };
  it.each([
    { name: 'no object', table: [], says: /they are no object/ },
    {
      name: 'a policy that is refused',
      change: { policy: { ...policy, rules: [{ allow: 'raed' }] } },
      says: /policy\.rules\.0/,
    },
    { name: 'an unknown key', change: { caller: {} }, says: /caller is not known/ },
    { name: 'no callers', change: { callers: {} }, says: /callers: must name at least one/ },
    {
      name: 'a caller without an id',
      change: { callers: { vera: { roles: [] } } },
      says: /callers\.vera\.id: is missing/,
    },
    {
      name: 'an unknown role',
      change: { callers: { vera: { ...vera, roles: ['vendro'] } } },
      says: /vendro is not known; there are user/,
    },
    {
      name: 'an unknown permission',
      change: { callers: { vera: { ...vera, permissions: ['a:b'] } } },
      says: /a:b is not known/,
    },
    {
      name: 'roles of no organization',
      change: { callers: { vera: { ...vera, orgRoles: ['editor'] } } },
      says: /orgRoles: need an org/,
    },
    {
      name: 'an unknown type',
      change: { records: { p: { type: 'Prodct', fields: {} } } },
      says: /records\.p\.type: must be a type/,
    },
    {
      name: 'a type of every object',
      change: { records: { p: { type: 'toString', fields: {} } } },
      says: /must be a type/,
    },
    {
      name: 'an unknown field',
      change: { records: { p: { type: 'Note', fields: { ident: 1 } } } },
      says: /ident: is not a field/,
    },
    { name: 'a row that is missing', change: { matrix: {} }, says: /matrix: has nothing for the record shown/ },
    {
      name: 'a cell that is missing',
      change: { matrix: { ...tests.matrix, note: {} } },
      says: /matrix\.note: has nothing for the caller visitor/,
    },
    {
      name: 'a cell of no caller',
      change: { matrix: { ...tests.matrix, note: { ...tests.matrix['note'], zoe: [] } } },
      says: /zoe: is no caller/,
    },
    {
      name: 'an unknown action',
      change: { matrix: { ...tests.matrix, note: { ...tests.matrix['note'], vera: ['raed'] } } },
      says: /raed is not known/,
    },
    {
      name: 'a case that asks nothing',
      change: { cases: [{ caller: 'vera', on: 'note' }] },
      says: /needs one of may, mayNot and sees/,
    },
    {
      name: 'a case of no record',
      change: { cases: [{ caller: 'vera', may: 'read', on: 'notes' }] },
      says: /cases\[0\]\.on/,
    },
    {
      name: 'a case of no caller',
      change: { cases: [{ caller: 'v', may: 'read', on: 'note' }] },
      says: /cases\[0\]\.caller/,
    },
    {
      name: 'a field and a write',
      change: { cases: [{ caller: 'vera', may: 'update', on: 'note', field: 'id', change: {} }] },
      says: /exclude each other/,
    },
    {
      name: 'a reason of an allowance',
      change: { cases: [{ caller: 'vera', may: 'read', on: 'note', because: 'own' }] },
      says: /goes with mayNot/,
    },
    {
      name: 'a reason that no rule has',
      change: { cases: [{ caller: 'vera', mayNot: 'read', on: 'note', because: 'rule-3' }] },
      says: /rule-3 is not known/,
    },
    {
      name: 'an acceptance without a reason',
      change: { acceptedSurvivors: { 'own: removed': '' } },
      says: /must say why/,
    },
  ])('are refused with what to write: $name', ({ table, change, says }) => {
    expect(() => parsePolicyTests(table ?? { ...tests, ...change })).toThrow(says);
  });

  it('name every problem at once', () => {
    expect(() => withChange({ records: {}, callers: {} })).toThrow(/callers: [^]*records: /);
  });
});
