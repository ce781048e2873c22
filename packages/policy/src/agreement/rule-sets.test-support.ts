import fc from 'fast-check';
import type { PolicyCaller } from '../access/access-for.ts';
import type { ReferenceCaller, ReferenceRule, Row, Written } from './reference.test-support.ts';

/** A field of each type, so that each operator meets each of them. */
export const fields = {
  id: 'string',
  a: 'string',
  b: 'string',
  n: 'number',
  f: 'boolean',
  d: 'date',
  tags: 'string[]',
  nums: 'number[]',
} as const;

export const permissions = { 'x:one': 'One', 'x:two': 'Two' } as const;
export const roles = { x: [], y: [] } as const;
export const organizationRoles = { x: [], z: [] } as const;

/** Few values, so that they meet; some that SQL and MongoDB treat in their own ways. */
const texts = ['x', 'y', 'z', '', '0', "x' OR 1=1", 'Ä$1', 'X'] as const;
const numbers = [0, 1, -1, 1.5, 2 ** 40] as const;

const text = fc.constantFrom(...texts);
const number = fc.constantFrom(...numbers);

/** A rule set of at most so many rules, on the one type that there is. */
export interface Case {
  readonly rules: readonly ReferenceRule[];
  readonly caller: ReferenceCaller;
}

const tests = (
  value: fc.Arbitrary<unknown>,
  one: readonly string[],
  list: readonly string[],
): fc.Arbitrary<Written> => {
  const single = one.length === 0 ? value : fc.oneof(value, fc.record({ subject: fc.constantFrom(...one) }));
  const several = fc.uniqueArray(value, { minLength: 1, maxLength: 3 });
  const listed = list.length === 0 ? several : fc.oneof(several, fc.record({ subject: fc.constantFrom(...list) }));
  return fc.oneof(
    single.map((operand) => ({ eq: operand })),
    single.map((operand) => ({ ne: operand })),
    listed.map((operand) => ({ in: operand })),
    fc.boolean().map((operand) => ({ exists: operand })),
    fc.record({ ne: single, exists: fc.boolean() }),
  );
};

const ofText = tests(text, ['id', 'org', 'kind'], ['roles', 'orgRoles']);
const ofNumber = tests(number, [], []);
const onField: fc.Arbitrary<Written> = fc.oneof(
  fc.tuple(fc.constantFrom('a', 'b', 'tags'), ofText).map(([field, test]) => ({ [field]: test })),
  fc.tuple(fc.constantFrom('n', 'nums'), ofNumber).map(([field, test]) => ({ [field]: test })),
  tests(fc.boolean(), [], []).map((test) => ({ f: test })),
  fc.boolean().map((exists) => ({ d: { exists } })),
  fc.record({ a: ofText, n: ofNumber }),
);
const onSubject: fc.Arbitrary<Written> = fc.oneof(
  fc.tuple(fc.constantFrom('id', 'org'), tests(text, [], [])).map(([name, test]) => ({ subject: { [name]: test } })),
  fc.constantFrom('user', 'anonymous').map((kind) => ({ subject: { kind: { eq: kind } } })),
  fc.constantFrom('eq', 'ne').map((operator) => ({ subject: { roles: { [operator]: 'x' } } })),
  fc.constant({ subject: { orgRoles: { in: ['x', 'z'] } } }),
);

const { condition } = fc.letrec<{ condition: Written }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { weight: 6, arbitrary: onField },
    { weight: 1, arbitrary: onSubject },
    { weight: 2, arbitrary: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((and) => ({ and })) },
    { weight: 2, arbitrary: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((or) => ({ or })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(onField, fc.array(tie('condition'), { minLength: 1, maxLength: 2 }))
        .map(([own, or]) => ({ ...own, or })),
    },
  ),
}));

const permission = fc.constantFrom(...Object.keys(permissions));
const parts = {
  actions: fc.subarray(['read', 'update'], { minLength: 1 }),
  to: fc.constantFrom('everyone', 'signed-in', ...Object.keys(permissions)),
  when: fc.option(condition, { nil: undefined, freq: 8 }),
  fields: fc.option(fc.subarray(['a', 'b', 'n'], { minLength: 1 }), { nil: undefined, freq: 2 }),
  after: fc.option(condition, { nil: undefined, freq: 1 }),
};

const allowing: fc.Arbitrary<ReferenceRule> = fc.record(parts).map(({ actions, to, when, fields: only, after }) => ({
  allow: actions,
  to,
  ...(when && { when }),
  ...(only && { fields: only }),
  ...(after && actions.includes('update') && { after }),
}));
const denying: fc.Arbitrary<ReferenceRule> = fc
  .tuple(fc.record(parts), fc.option(permission, { nil: undefined }))
  .map(([{ actions, to, when, fields: only, after }, unless]) => ({
    deny: actions,
    to,
    ...(unless !== undefined && unless !== to && { unless }),
    ...(when && { when }),
    ...(only && { fields: only }),
    ...(after && !actions.includes('read') && { after }),
  }));

const caller: fc.Arbitrary<ReferenceCaller> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'anonymous' as const, roles: [], orgRoles: [], permissions: [] }) },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        kind: fc.constantFrom('user' as const, 'service' as const),
        id: fc.constantFrom('x', 'y', "x' OR 1=1"),
        org: fc.constantFrom('x', 'z'),
        roles: fc.subarray(['x', 'y']),
        orgRoles: fc.subarray(['x', 'z']),
        permissions: fc.subarray(Object.keys(permissions)),
      },
      { requiredKeys: ['kind', 'id', 'roles', 'orgRoles', 'permissions'] },
    ),
  },
);

/** Up to four rules that allow and three that deny, in any order, and a caller. */
export const cases: fc.Arbitrary<Case> = fc.record({
  rules: fc
    .tuple(fc.array(allowing, { minLength: 1, maxLength: 4 }), fc.array(denying, { maxLength: 3 }))
    .chain(([allowances, denials]) => {
      const rules = [...allowances, ...denials];
      return fc.shuffledSubarray(rules, { minLength: rules.length, maxLength: rules.length });
    }),
  caller,
});

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> =>
  fc.oneof(
    { weight: 5, arbitrary: value },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );

const row = fc.record({
  a: maybe(text),
  b: maybe(text),
  n: maybe(number),
  f: maybe(fc.boolean()),
  d: maybe(fc.constantFrom(new Date(0), new Date(86_400_000))),
  tags: maybe(
    fc.array(fc.oneof({ weight: 6, arbitrary: text }, { weight: 1, arbitrary: fc.constant(null) }), { maxLength: 3 }),
  ),
  nums: maybe(fc.array(number, { maxLength: 3 })),
});

/** The same records in every run. What is missing has no property. */
export const rows: readonly Row[] = fc.sample(row, { seed: 14, numRuns: 120 }).map((fieldsOfRow, index) => ({
  id: `r${index}`,
  ...Object.fromEntries(Object.entries(fieldsOfRow).filter(([, value]) => value !== undefined)),
}));

/** The caller of a case, as an application has it. */
export function toCaller({ kind, id, ...rest }: ReferenceCaller): PolicyCaller {
  return kind === 'anonymous' || id === undefined ? { kind: 'anonymous' } : { kind, id, ...rest };
}

/** The policy of a case, as it is written. */
export function toDefinition({ rules }: Case): unknown {
  return {
    permissions,
    roles,
    organizationRoles,
    records: { Thing: { fields } },
    rules: rules.map((rule) => ({ on: 'Thing', ...rule })),
  };
}
