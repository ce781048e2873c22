import type { Scalar, Test } from './test.ts';

/** Says whether a record passes a test. */
export type Matcher = (record: Readonly<Record<string, unknown>>) => boolean;

/** Compiles a test for records in memory. */
export function toMatcher(test: Test): Matcher {
  switch (test.op) {
    case 'and': {
      const matchers = test.of.map(toMatcher);
      return (record) => {
        for (const matches of matchers) if (!matches(record)) return false;
        return true;
      };
    }
    case 'or': {
      const matchers = test.of.map(toMatcher);
      return (record) => {
        for (const matches of matchers) if (matches(record)) return true;
        return false;
      };
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
      const { field, values } = test;
      return (record) => holdsAny(record[field], values);
    }
    case 'nin': {
      const { field, values } = test;
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

/** Says whether a field has a value. A list has its elements, as MongoDB has it. */
export function holds(found: unknown, value: Scalar): boolean {
  return found === value || (Array.isArray(found) && found.includes(value));
}

/** Says whether a field has one of some values. */
export function holdsAny(found: unknown, values: readonly unknown[]): boolean {
  return Array.isArray(found) ? found.some((element) => values.includes(element)) : values.includes(found);
}
