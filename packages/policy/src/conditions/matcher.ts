import type { Scalar, Test } from './test.ts';

/** Says whether a record passes a test. */
export type Matcher = (record: Readonly<Record<string, unknown>>) => boolean;

const known = new WeakMap<Test, Matcher>();

/** Compiles a test for records in memory. That of the same test is compiled once: most rules name no value of the caller. */
export function toMatcher(test: Test): Matcher {
  const made = known.get(test);
  if (made !== undefined) return made;
  const matcher = compile(test);
  known.set(test, matcher);
  return matcher;
}

function compile(test: Test): Matcher {
  switch (test.op) {
    case 'and': {
      const matchers = test.of.map(toMatcher);
      return (record) => matchers.every((matches) => matches(record));
    }
    case 'or': {
      const matchers = test.of.map(toMatcher);
      return (record) => matchers.some((matches) => matches(record));
    }
    case 'eq': {
      const { field, value } = test;
      return (record) => holds(record[field], value);
    }
    case 'ne': {
      const { field, value } = test;
      return (record) => !holds(record[field], value);
    }
    case 'in': {
      const { field } = test;
      const values = new Set<unknown>(test.values);
      return (record) => holdsAny(record[field], values);
    }
    case 'nin': {
      const { field } = test;
      const values = new Set<unknown>(test.values);
      return (record) => !holdsAny(record[field], values);
    }
    case 'exists': {
      const { field } = test;
      return (record) => record[field] !== null && record[field] !== undefined;
    }
    case 'missing': {
      const { field } = test;
      return (record) => record[field] === null || record[field] === undefined;
    }
  }
}

/** A list holds its elements, as MongoDB has it. */
function holds(found: unknown, value: Scalar): boolean {
  return found === value || (Array.isArray(found) && found.includes(value));
}

function holdsAny(found: unknown, values: ReadonlySet<unknown>): boolean {
  return Array.isArray(found) ? found.some((element) => values.has(element)) : values.has(found);
}
