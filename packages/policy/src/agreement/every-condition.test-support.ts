import type { ReferenceCaller, Written } from './reference.test-support.ts';
import type { Case } from './rule-sets.test-support.ts';

/* Every test of one operator on a field of each type, and every pair of some of them. */

const ofCaller = ['id', 'org', 'kind'].map((subject) => ({ subject }));
const listsOfCaller = ['roles', 'orgRoles'].map((subject) => ({ subject }));

const single: readonly Written[] = [
  ...['a', 'tags'].flatMap((field) =>
    testsOf(field, ['x', '', "x' OR 1=1", ...ofCaller], [['x', 'y'], ['z'], ...listsOfCaller]),
  ),
  ...['n', 'nums'].flatMap((field) => testsOf(field, [0, -1, 1.5], [[0, 1], [2 ** 40]])),
  ...testsOf('f', [true, false], [[true], [true, false]]),
  { d: { exists: true } },
  { d: { exists: false } },
  {},
  ...['eq', 'ne'].flatMap((operator) => [
    { subject: { id: { [operator]: 'x' } } },
    { subject: { org: { [operator]: 'x' } } },
    { subject: { roles: { [operator]: 'x' } } },
    { subject: { kind: { [operator]: 'user' } } },
  ]),
  { subject: { org: { exists: true } } },
  { subject: { org: { exists: false } } },
  { subject: { orgRoles: { in: ['x', 'z'] } } },
];

/** Every fourth, so that there are thousands of pairs and not tens of thousands. */
const some = single.filter((_, index) => index % 4 === 0);
const pairs = some.flatMap((first) => some.flatMap((second) => [{ and: [first, second] }, { or: [first, second] }]));

const callers: readonly ReferenceCaller[] = [
  { kind: 'anonymous', roles: [], orgRoles: [], permissions: [] },
  { kind: 'user', id: 'x', roles: [], orgRoles: [], permissions: [] },
  { kind: 'user', id: 'y', org: 'x', roles: ['x', 'y'], orgRoles: ['z'], permissions: [] },
];

/** Each of one test in a rule that allows, and in one that denies what is allowed otherwise, for callers with and without values. */
export const everyCaseOfOneTest: readonly Case[] = single.flatMap((when) =>
  callers.flatMap((caller) => inBothEffects(when, caller)),
);

/** Those of one test and of two. */
export const everyCase: readonly Case[] = [
  ...everyCaseOfOneTest,
  ...pairs.flatMap((when, index) =>
    callers.slice(index % 3, (index % 3) + 1).flatMap((caller) => inBothEffects(when, caller)),
  ),
];

function inBothEffects(when: Written, caller: ReferenceCaller): readonly Case[] {
  return [
    { rules: [{ allow: ['read'], to: 'everyone', when }], caller },
    {
      rules: [
        { deny: ['read'], when },
        { allow: ['read'], to: 'everyone' },
      ],
      caller,
    },
  ];
}

function testsOf(field: string, values: readonly unknown[], lists: readonly unknown[]): readonly Written[] {
  return [
    ...values.flatMap((value) => [{ [field]: { eq: value } }, { [field]: { ne: value } }]),
    ...lists.map((list) => ({ [field]: { in: list } })),
    { [field]: { exists: true } },
    { [field]: { exists: false } },
  ];
}
