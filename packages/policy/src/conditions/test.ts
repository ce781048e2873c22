import type { FieldType } from '../definition/record-types.ts';

/** A value that conditions compare with. */
export type Scalar = string | number | boolean;

/**
 * A condition with the caller's values filled in: what matchers, queries and packed rules are made from. JSON.
 * `ne`, `nin` and `missing` are the exact opposites of `eq`, `in` and `exists`, so that every test can be negated without a
 * `not`, on which databases disagree where something is null.
 */
export type Test =
  | { readonly op: 'and' | 'or'; readonly of: readonly Test[] }
  | { readonly op: 'eq' | 'ne'; readonly field: string; readonly value: Scalar }
  | { readonly op: 'in' | 'nin'; readonly field: string; readonly values: readonly Scalar[] }
  | { readonly op: 'exists' | 'missing'; readonly field: string };

/** Types of the fields that tests name. */
export type FieldTypes = Readonly<Record<string, FieldType>>;

/** Holds for every record. */
export const always: Test = Object.freeze({ op: 'and', of: Object.freeze([]) });

/** Holds for no record. */
export const never: Test = Object.freeze({ op: 'or', of: Object.freeze([]) });

/** Says whether a test holds for every record, as far as it can be told without one. */
export function isAlways(test: Test): boolean {
  return test.op === 'and' && test.of.length === 0;
}

/** Says whether a test holds for no record, as far as it can be told without one. */
export function isNever(test: Test): boolean {
  return test.op === 'or' && test.of.length === 0;
}

/** All of the tests, without what says nothing. */
export function allOf(tests: readonly Test[]): Test {
  return combine('and', tests, isAlways, isNever, never);
}

/** Any of the tests, without what says nothing. */
export function anyOf(tests: readonly Test[]): Test {
  return combine('or', tests, isNever, isAlways, always);
}

/** One loop: it is run for each rule of each caller who is new. */
function combine(
  op: 'and' | 'or',
  tests: readonly Test[],
  saysNothing: (test: Test) => boolean,
  decides: (test: Test) => boolean,
  decided: Test,
): Test {
  const of: Test[] = [];
  for (const test of tests) {
    if (decides(test)) return decided;
    if (!saysNothing(test)) of.push(test);
  }
  const [first] = of;
  if (first === undefined) return op === 'and' ? always : never;
  return of.length === 1 ? first : { op, of };
}

const opposites = {
  and: 'or',
  or: 'and',
  eq: 'ne',
  ne: 'eq',
  in: 'nin',
  nin: 'in',
  exists: 'missing',
  missing: 'exists',
} as const;

/** The test that holds for exactly the other records. */
export function negate(test: Test): Test {
  switch (test.op) {
    case 'and':
    case 'or':
      return { op: opposites[test.op], of: test.of.map(negate) };
    case 'eq':
    case 'ne':
      return { ...test, op: opposites[test.op] };
    case 'in':
    case 'nin':
      return { ...test, op: opposites[test.op] };
    case 'exists':
    case 'missing':
      return { ...test, op: opposites[test.op] };
  }
}
