import { isList } from '../definition/record-types.ts';
import { isReference, resolveTree, type ConditionTree, type SubjectValues } from './condition-tree.ts';
import { toMatcher } from './matcher.ts';
import type { FieldTypes } from './test.ts';

type Row = Readonly<Record<string, unknown>>;

/** What a description needs: which fields hold lists, and who is asked about. */
export interface DescriptionContext {
  readonly types: FieldTypes;
  readonly subject: SubjectValues;
  /** What a comparison with a missing value comes to, as in {@link resolveTree}. */
  readonly unknownIs: boolean;
}

/** Lists what a record lacks to meet a condition, one sentence for each part. Empty when it meets it. */
export function listUnmet(tree: ConditionTree, record: Row, context: DescriptionContext): readonly string[] {
  if (tree.op === 'and') return tree.of.flatMap((part) => listUnmet(part, record, context));
  const test = resolveTree(tree, context.subject, context.unknownIs);
  return toMatcher(test)(record) ? [] : [describeCondition(tree, context.types)];
}

/** Says what a condition demands: `status is "published"`. */
export function describeCondition(tree: ConditionTree, types: FieldTypes): string {
  switch (tree.op) {
    case 'and':
    case 'or': {
      if (tree.of.length === 0) return tree.op === 'and' ? 'always' : 'never';
      const parts = tree.of.map((part) => describeCondition(part, types));
      return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(` ${tree.op} `)})`;
    }
    case 'eq':
    case 'ne': {
      const verb = isList(types[tree.field])
        ? { eq: 'holds', ne: 'does not hold' }[tree.op]
        : { eq: 'is', ne: 'is not' }[tree.op];
      return `${tree.field} ${verb} ${showOperand(tree.value)}`;
    }
    case 'in': {
      const verb = isList(types[tree.field]) ? 'holds one of' : 'is one of';
      return `${tree.field} ${verb} ${showOperand(tree.values)}`;
    }
    case 'exists':
      return `${tree.field} is set`;
    case 'missing':
      return `${tree.field} is not set`;
    case 'subject':
      return `the caller's ${tree.name} ${describeSubjectTest(tree)}`;
  }
}

function describeSubjectTest({ name, operator, operand }: ConditionTree & { readonly op: 'subject' }): string {
  const isOfMany = name === 'roles' || name === 'orgRoles';
  switch (operator) {
    case 'exists':
      return operand === true ? 'is set' : 'is not set';
    case 'in':
      return `${isOfMany ? 'hold one of' : 'is one of'} ${showOperand(operand)}`;
    case 'eq':
      return `${isOfMany ? 'hold' : 'is'} ${showOperand(operand)}`;
    case 'ne':
      return `${isOfMany ? 'do not hold' : 'is not'} ${showOperand(operand)}`;
  }
}

function showOperand(operand: unknown): string {
  if (isReference(operand)) return `the caller's ${operand.subject}`;
  return (Array.isArray(operand) ? operand : [operand]).map((value) => JSON.stringify(value)).join(', ');
}
