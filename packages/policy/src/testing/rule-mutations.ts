import type { Condition, PolicyRule } from '../definition/policy.ts';
import { actionsOf, type RecordType } from '../definition/record-types.ts';
import { conditionMutations } from './condition-mutations.ts';

/** A change of one rule, as a mistake might make it. */
export interface RuleMutation {
  /** Such as "removed" or "without status in when". */
  readonly change: string;
  /** Absent where the rule is gone. */
  readonly rule: PolicyRule | undefined;
}

/**
 * Every change of a rule that its tests are to notice: the rule is gone, or holds for more callers, records, writes, fields or
 * actions, or for fewer.
 */
export function mutationsOf(rule: PolicyRule, type: RecordType): readonly RuleMutation[] {
  return [
    { change: 'removed', rule: undefined },
    ...callerMutations(rule),
    ...conditionsOf(rule),
    ...fieldMutations(rule),
    ...actionMutations(rule, type),
  ];
}

/** No guard asks for a permission any more, or for a sign-in. */
function callerMutations(rule: PolicyRule): readonly RuleMutation[] {
  const { allow, to, unless, ...rest } = rule;
  if (allow === undefined)
    return unless === undefined
      ? []
      : [{ change: `without unless ${unless}`, rule: { ...rest, ...(to === undefined ? {} : { to }) } }];
  if (to === undefined || to === 'everyone') return [];
  const wider = to === 'signed-in' ? 'everyone' : 'signed-in';
  return [{ change: `to ${wider} instead of ${to}`, rule: { ...rule, to: wider } }];
}

function conditionsOf(rule: PolicyRule): readonly RuleMutation[] {
  const { when, after } = rule;
  return [...withCondition(rule, 'when', when), ...withCondition(rule, 'after', after), ...liftedAfter(rule)];
}

function withCondition(rule: PolicyRule, key: 'when' | 'after', condition?: Condition): readonly RuleMutation[] {
  if (condition === undefined || Object.keys(condition).length === 0) return [];
  return [
    { change: `without ${key}`, rule: { ...rule, [key]: {} } },
    ...conditionMutations(condition).map(({ change, condition: changed }) => ({
      change: `${change} in ${key}`,
      rule: { ...rule, [key]: changed },
    })),
  ];
}

/** An update may then leave the record as it likes: without an `after` of its own a rule demands `when` again. */
function liftedAfter(rule: PolicyRule): readonly RuleMutation[] {
  const { allow, when, after } = rule;
  if (allow === undefined || when === undefined || after !== undefined || !isAboutUpdates(allow)) return [];
  return [{ change: 'without when after a write', rule: { ...rule, after: {} } }];
}

/** What is made is judged by `when` as it will be, and nothing is left of what is deleted. */
function isAboutUpdates(actions: string | readonly string[]): boolean {
  return [actions].flat().some((action) => !['create', 'read', 'delete'].includes(action));
}

function fieldMutations(rule: PolicyRule): readonly RuleMutation[] {
  const { fields, ...rest } = rule;
  if (fields === undefined) return [];
  const fewer = fields.length < 2 ? [] : fields;
  return [
    { change: 'with every field', rule: rest },
    ...fewer.map((field) => ({
      change: `without field ${field}`,
      rule: { ...rule, fields: fields.filter((other) => other !== field) },
    })),
  ];
}

function actionMutations(rule: PolicyRule, type: RecordType): readonly RuleMutation[] {
  const effect = rule.allow === undefined ? 'deny' : 'allow';
  const written = [rule[effect] ?? []].flat();
  const actions = written.includes('*') ? actionsOf(type) : written;
  if (actions.length < 2) return [];
  return actions.map((action) => ({
    change: `without ${action}`,
    rule: { ...rule, [effect]: actions.filter((other) => other !== action) },
  }));
}
