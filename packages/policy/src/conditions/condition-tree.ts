import type { Condition, SubjectField } from '../definition/policy.ts';
import { allOf, always, anyOf, never, type Scalar, type Test } from './test.ts';

/** What conditions can see of a caller. A value that is missing is `undefined`. */
export interface SubjectValues {
  readonly id: string | undefined;
  readonly org: string | undefined;
  readonly kind: string;
  readonly roles: readonly string[];
  readonly orgRoles: readonly string[];
}

/** A reference to a value of the caller. */
export interface SubjectReference {
  readonly subject: SubjectField;
}

/** A condition as it was written, in one form: every branch and every test by itself. */
export type ConditionTree =
  | { readonly op: 'and' | 'or'; readonly of: readonly ConditionTree[] }
  | { readonly op: 'eq' | 'ne'; readonly field: string; readonly value: Scalar | SubjectReference }
  | { readonly op: 'in'; readonly field: string; readonly values: readonly Scalar[] | SubjectReference }
  | { readonly op: 'exists' | 'missing'; readonly field: string }
  | { readonly op: 'subject'; readonly name: SubjectField; readonly operator: Operator; readonly operand: unknown };

type Operator = 'eq' | 'ne' | 'in' | 'exists';

/** The parts of a condition that compare a field. */
export type Comparison = Extract<ConditionTree, { readonly op: 'eq' | 'ne' | 'in' }>;

/**
 * Fills in the values of a caller.
 *
 * @param unknownIs what a comparison with a missing value comes to.
 */
export function resolveTree(tree: ConditionTree, values: SubjectValues, unknownIs: boolean): Test {
  switch (tree.op) {
    case 'and':
      return allOf(tree.of.map((part) => resolveTree(part, values, unknownIs)));
    case 'or':
      return anyOf(tree.of.map((part) => resolveTree(part, values, unknownIs)));
    case 'eq':
    case 'ne': {
      const { op, field } = tree;
      const value = isReference(tree.value) ? values[tree.value.subject] : tree.value;
      // A list is refused where one value is meant, when the policy is defined.
      return typeof value === 'object' || value === undefined ? toTest(unknownIs) : { op, field, value };
    }
    case 'in': {
      const found = isReference(tree.values) ? values[tree.values.subject] : tree.values;
      const listed = typeof found === 'object' ? found : [];
      return listed.length === 0 ? never : { op: 'in', field: tree.field, values: listed };
    }
    case 'exists':
    case 'missing':
      return tree;
    case 'subject':
      return toTest(testSubject(tree.operator, values[tree.name], tree.operand) ?? unknownIs);
  }
}

/** Tests a value of the caller; `undefined` where it cannot be told, since the value is missing. */
export function testSubject(
  operator: Operator,
  found: string | readonly string[] | undefined,
  operand: unknown,
): boolean | undefined {
  if (operator === 'exists') return (found !== undefined) === operand;
  if (found === undefined) return undefined;
  const held: readonly unknown[] = typeof found === 'string' ? [found] : found;
  if (operator === 'in') return Array.isArray(operand) && operand.some((value) => held.includes(value));
  return held.includes(operand) === (operator === 'eq');
}

function toTest(value: boolean): Test {
  return value ? always : never;
}

/** Reads a checked condition. */
export function toTree(condition: Condition): ConditionTree {
  const parts = Object.entries(condition).flatMap(([name, value]): readonly ConditionTree[] => {
    // The condition was checked: each member has the shape that its name asks for.
    if (name === 'and' || name === 'or') return [{ op: name, of: (value as readonly Condition[]).map(toTree) }];
    const tests = value as Readonly<Record<string, unknown>>;
    if (name === 'subject')
      return Object.entries(tests).flatMap(([field, test]) => subjectTests(field as SubjectField, test));
    return Object.entries(tests).map(([operator, operand]) => fieldTest(name, operator as Operator, operand));
  });
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { op: 'and', of: parts };
}

function subjectTests(name: SubjectField, tests: unknown): readonly ConditionTree[] {
  return Object.entries(tests as Readonly<Record<Operator, unknown>>).map(([operator, operand]) => ({
    op: 'subject',
    name,
    operator: operator as Operator,
    operand,
  }));
}

function fieldTest(field: string, operator: Operator, operand: unknown): ConditionTree {
  switch (operator) {
    case 'eq':
    case 'ne':
      return { op: operator, field, value: operand as Scalar | SubjectReference };
    case 'in':
      return { op: 'in', field, values: operand as readonly Scalar[] | SubjectReference };
    case 'exists':
      return { op: operand === true ? 'exists' : 'missing', field };
  }
}

/** Says whether a condition names a value of the caller. */
export function isAboutCaller(tree: ConditionTree): boolean {
  switch (tree.op) {
    case 'and':
    case 'or':
      return tree.of.some(isAboutCaller);
    case 'eq':
    case 'ne':
      return isReference(tree.value);
    case 'in':
      return isReference(tree.values);
    case 'exists':
    case 'missing':
      return false;
    case 'subject':
      return true;
  }
}

/** Says whether something is a value of the caller, and not one that was written. */
export function isReference(value: unknown): value is SubjectReference {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
