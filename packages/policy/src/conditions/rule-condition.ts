import {
  isAboutCaller,
  resolveTree,
  testSubject,
  type Comparison,
  type ConditionTree,
  type SubjectValues,
} from './condition-tree.ts';
import { holds, holdsAny, toMatcher } from './matcher.ts';
import { allOf, always, isAlways, type Test } from './test.ts';

type Row = Readonly<Record<string, unknown>>;

/** A condition of a rule. It is compiled once for all callers, whose values it is given with the record. */
export interface RuleCondition {
  matches(record: Row, values: SubjectValues): boolean;
  /** The same as a test, with the values filled in: for queries, and for a browser. */
  resolve(values: SubjectValues): Test;
}

type ValuesMatcher = RuleCondition['matches'];

/** Values of a caller of whom nothing is known. */
export const noValues: SubjectValues = { id: undefined, org: undefined, kind: 'anonymous', roles: [], orgRoles: [] };

/**
 * Compiles a condition.
 *
 * @param unknownIs what a comparison with a missing value of the caller comes to: false in rules that allow, true in rules that
 *   deny. There is no `not` in conditions, so that one answer is the safe one throughout.
 * @returns `undefined` where it always holds.
 */
export function toRuleCondition(tree: ConditionTree, unknownIs: boolean): RuleCondition | undefined {
  if (!isAboutCaller(tree)) return fromTest(resolveTree(tree, noValues, unknownIs));
  return { matches: compile(tree, unknownIs), resolve: (values) => resolveTree(tree, values, unknownIs) };
}

/** A condition that is the same for every caller. */
export function fromTest(test: Test): RuleCondition | undefined {
  return isAlways(test) ? undefined : { matches: toMatcher(test), resolve: () => test };
}

/** Both conditions. */
export function bothOf(first: RuleCondition | undefined, second: RuleCondition | undefined): RuleCondition | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return {
    matches: (record, values) => first.matches(record, values) && second.matches(record, values),
    resolve: (values) => allOf([first.resolve(values), second.resolve(values)]),
  };
}

/** The test of a condition that may not be there. */
export function resolveCondition(condition: RuleCondition | undefined, values: SubjectValues): Test {
  return condition === undefined ? always : condition.resolve(values);
}

function compile(tree: ConditionTree, unknownIs: boolean): ValuesMatcher {
  if (!isAboutCaller(tree)) return toMatcher(resolveTree(tree, noValues, unknownIs));
  switch (tree.op) {
    case 'and': {
      const parts = tree.of.map((part) => compile(part, unknownIs));
      return (record, values) => {
        for (const matches of parts) if (!matches(record, values)) return false;
        return true;
      };
    }
    case 'or': {
      const parts = tree.of.map((part) => compile(part, unknownIs));
      return (record, values) => {
        for (const matches of parts) if (matches(record, values)) return true;
        return false;
      };
    }
    case 'subject': {
      const { operator, name, operand } = tree;
      return (_record, values) => testSubject(operator, values[name], operand) ?? unknownIs;
    }
    case 'eq':
    case 'ne':
    case 'in':
      return compileComparison(tree, unknownIs);
    case 'exists':
    case 'missing':
      return toMatcher(tree); // It is about no caller.
  }
}

function compileComparison(tree: Comparison, unknownIs: boolean): ValuesMatcher {
  const { op, field } = tree;
  if (op === 'in') {
    const { subject } = tree.values as { readonly subject: 'roles' | 'orgRoles' }; // It is about the caller.
    return (record, values) => holdsAny(record[field], values[subject]);
  }
  const { subject } = tree.value as { readonly subject: 'id' | 'org' | 'kind' }; // It is about the caller.
  const isEqual = op === 'eq';
  return (record, values) => {
    const value = values[subject];
    return value === undefined ? unknownIs : holds(record[field], value) === isEqual;
  };
}
