import type { Condition } from '../definition/policy.ts';

/** A change of a condition: a part is gone, or an operator is turned round. */
export interface ConditionMutation {
  readonly change: string;
  readonly condition: Condition;
}

type Members = Readonly<Record<string, unknown>>;

const opposites: Readonly<Record<string, string>> = { eq: 'ne', ne: 'eq' };

/** Every change of one part of a condition. That the whole is gone is for the caller to say. */
export function conditionMutations(condition: Condition): readonly ConditionMutation[] {
  const names = Object.keys(condition);
  return names.flatMap((name) => [
    ...(names.length < 2 ? [] : [{ change: `without ${name}`, condition: without(condition, name) }]),
    ...partMutations(name, condition[name]).map(({ change, part }) => ({
      change,
      condition: { ...condition, [name]: part },
    })),
  ]);
}

interface PartMutation {
  readonly change: string;
  readonly part: unknown;
}

function partMutations(name: string, part: unknown): readonly PartMutation[] {
  if (Array.isArray(part)) return branchMutations(name, part as readonly Condition[]); // `and` and `or` are lists of conditions.
  if (name !== 'subject') return operatorMutations(name, part as Members); // Checked when the policy was defined.
  return conditionMutations(part as Condition).map(({ change, condition }) => ({
    change: `subject: ${change}`,
    part: condition,
  }));
}

/** Of `and` a branch less is wider, of `or` narrower: tests are to notice both. */
function branchMutations(name: string, branches: readonly Condition[]): readonly PartMutation[] {
  return branches.flatMap((branch, index) => [
    ...(branches.length < 2
      ? []
      : [{ change: `without branch ${index + 1} of ${name}`, part: branches.filter((other) => other !== branch) }]),
    ...conditionMutations(branch).map(({ change, condition }) => ({
      change: `${change} in branch ${index + 1} of ${name}`,
      part: branches.with(index, condition),
    })),
  ]);
}

function operatorMutations(field: string, tests: Members): readonly PartMutation[] {
  const operators = Object.keys(tests);
  return operators.flatMap((operator) => [
    ...(operators.length < 2 ? [] : [{ change: `without ${operator} of ${field}`, part: without(tests, operator) }]),
    ...turned(field, operator, tests),
  ]);
}

function turned(field: string, operator: string, tests: Members): readonly PartMutation[] {
  const value = tests[operator];
  const opposite = opposites[operator];
  if (operator === 'exists')
    return [{ change: `exists: ${String(value !== true)} for ${field}`, part: { ...tests, exists: value !== true } }];
  if (opposite !== undefined && !Object.hasOwn(tests, opposite))
    return [
      {
        change: `${opposite} instead of ${operator} for ${field}`,
        part: { ...without(tests, operator), [opposite]: value },
      },
    ];
  if (operator !== 'in' || !Array.isArray(value) || value.length < 2) return [];
  return value.map((element: unknown, index) => ({
    change: `without ${JSON.stringify(element)} for ${field}`,
    part: { ...tests, in: value.toSpliced(index, 1) as readonly unknown[] },
  }));
}

function without<T extends Members>(members: T, name: string): Members {
  return Object.fromEntries(Object.entries(members).filter(([other]) => other !== name));
}
