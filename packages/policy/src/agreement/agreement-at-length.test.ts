import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessFor } from '../access/access-for.ts';
import { parsePolicy } from '../definition/parse-policy.ts';
import { everyCase } from './every-condition.test-support.ts';
import { evaluators, type FilterEvaluator } from './databases.test-support.ts';
import { isAllowed } from './reference.test-support.ts';
import { cases, rows, toCaller, toDefinition, type Case } from './rule-sets.test-support.ts';

/* What agreement.test.ts runs every day with few rule sets: thousands, and every condition of one and two tests. */

const minutes = 60_000;

const accessOf = (one: Case) => accessFor(parsePolicy(toDefinition(one)), toCaller(one.caller));
const expected = ({ rules, caller }: Case): readonly string[] =>
  rows.filter((row) => isAllowed(rules, caller, 'read', row)).map(({ id }) => String(id));

it('any of 20,000 rule sets allows in memory what the documentation says', { timeout: 10 * minutes }, () => {
  fc.assert(
    fc.property(cases, (one) => {
      const access = accessOf(one);
      expect(rows.filter((row) => access.can('read', 'Thing', row)).map(({ id }) => String(id))).toEqual(expected(one));
    }),
    { numRuns: 20_000 },
  );
});

it(
  'every condition of one and two tests allows in memory what the documentation says',
  { timeout: 10 * minutes },
  () => {
    for (const one of everyCase) {
      const access = accessOf(one);
      const found = rows.filter((row) => access.can('read', 'Thing', row)).map(({ id }) => String(id));
      if (found.join() !== expected(one).join()) expect({ one, found }).toEqual({ one, found: expected(one) });
    }
  },
);

describe.each(Object.entries(evaluators))('at length, the filter on %s', (name, { isThere, open }) => {
  // FerretDB reads every record for each of them.
  const share = name === 'mongodb' ? 20 : 1;
  let evaluator: FilterEvaluator;
  beforeAll(async () => {
    if (isThere) evaluator = await open(rows);
  });
  afterAll(() => evaluator?.close());

  it.skipIf(!isThere)('finds what the check allows by any rule set', { timeout: 10 * minutes }, async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const found = await evaluator.find(accessOf(one).filter('read', 'Thing'));
        expect(found.toSorted()).toEqual(expected(one).toSorted());
      }),
      { numRuns: 5_000 / share },
    );
  });

  it.skipIf(!isThere)('finds what the check allows by every condition', { timeout: 10 * minutes }, async () => {
    for (const one of everyCase.filter((_, index) => index % share === 0)) {
      const found = (await evaluator.find(accessOf(one).filter('read', 'Thing'))).toSorted().join();
      const wanted = expected(one).toSorted().join();
      if (found !== wanted) expect({ one, found }).toEqual({ one, found: wanted });
    }
  });
});
