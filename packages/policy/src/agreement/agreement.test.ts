import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessFor } from '../access/access-for.ts';
import { unpackAccess } from '../access/unpack-access.ts';
import { parsePolicy } from '../definition/parse-policy.ts';
import { evaluators, type FilterEvaluator } from './databases.test-support.ts';
import { everyCaseOfOneTest } from './every-condition.test-support.ts';
import { isAllowed, isWriteAllowed } from './reference.test-support.ts';
import { cases, fields, rows, toCaller, toDefinition, type Case } from './rule-sets.test-support.ts';

/** Fewer than in `agreement-at-length.test.ts`. */
const numRuns = 60;
const fieldNames = Object.keys(fields);

const accessOf = (one: Case) => accessFor(parsePolicy(toDefinition(one)), toCaller(one.caller));
const expected = ({ rules, caller }: Case, action: string, field?: string): readonly string[] =>
  rows.filter((row) => isAllowed(rules, caller, action, row, field)).map(({ id }) => String(id));

it('every condition of one test allows in memory what the documentation says', () => {
  const wrong = everyCaseOfOneTest.filter((one) => {
    const access = accessOf(one);
    return idsWhere((row) => access.can('read', 'Thing', row)).join() !== expected(one, 'read').join();
  });
  expect(wrong).toEqual([]);
});

describe('any rule set', () => {
  it('allows in memory what the documentation says, packed or not', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const access = accessOf(one);
        const unpacked = unpackAccess(JSON.parse(JSON.stringify(access.pack())) as ReturnType<typeof access.pack>);
        for (const action of ['read', 'update']) {
          const wanted = expected(one, action);
          expect(idsWhere((row) => access.can(action, 'Thing', row))).toEqual(wanted);
          expect(idsWhere((row) => access.filter(action, 'Thing').matches(row))).toEqual(wanted);
          expect(idsWhere((row) => unpacked.can(action, 'Thing', row))).toEqual(wanted);
        }
      }),
      { numRuns },
    );
  });

  it('permits the fields that the documentation says, and masks the others', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(...rows), (one, row) => {
        const access = accessOf(one);
        const wanted = fieldNames.filter((field) => isAllowed(one.rules, one.caller, 'read', row, field));
        expect(access.fields('read', 'Thing', row)).toEqual(wanted);
        expect(Object.keys(access.mask('read', 'Thing', row)).sort()).toEqual(
          wanted.filter((field) => field in row).sort(),
        );
      }),
      { numRuns: numRuns * 4 },
    );
  });

  it('allows the writes that the documentation says, packed or not', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(...rows), fc.constantFrom(...rows), (one, before, other) => {
        const access = accessOf(one);
        const unpacked = unpackAccess(JSON.parse(JSON.stringify(access.pack())) as ReturnType<typeof access.pack>);
        const after = { ...before, a: other['a'], n: other['n'], tags: other['tags'] };
        const changed = ['a', 'n', 'tags'].filter((field) => !isSame(before[field], other[field]));
        const wanted = isWriteAllowed(one.rules, one.caller, before, after, changed);
        expect(access.checkWrite('update', 'Thing', before, after).allowed).toBe(wanted);
        expect(unpacked.checkWrite('update', 'Thing', before, after).allowed).toBe(wanted);
      }),
      { numRuns: numRuns * 10 },
    );
  });

  it('explains what it decides, and decides by what it explains', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(...rows), (one, row) => {
        const { decision, why } = accessOf(one).explain('read', 'Thing', row);
        const first = why.find(({ outcome }) => outcome === 'applies');
        expect(decision).toEqual(accessOf(one).check('read', 'Thing', row));
        expect(decision.rule).toEqual(first?.rule);
      }),
      { numRuns: numRuns * 4 },
    );
  });
});

describe.each(Object.entries(evaluators))('the filter of any rule set on %s', (name, { isThere, open }) => {
  let evaluator: FilterEvaluator;
  beforeAll(async () => {
    if (isThere) evaluator = await open(rows);
  });
  afterAll(() => evaluator?.close());

  it.skipIf(!isThere)('finds the records that the check allows', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        expect((await evaluator.find(accessOf(one).filter('read', 'Thing'))).toSorted()).toEqual(
          expected(one, 'read').toSorted(),
        );
        expect((await evaluator.find(accessOf(one).filter('read', 'Thing', 'a'))).toSorted()).toEqual(
          expected(one, 'read', 'a').toSorted(),
        );
      }),
      { numRuns: name === 'mongodb' ? 12 : numRuns },
    );
  });
});

function idsWhere(passes: (row: (typeof rows)[number]) => boolean): readonly string[] {
  return rows.filter(passes).map(({ id }) => String(id));
}

/** Null and missing are the same. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}
