import type { AnyPolicy, PolicyRule } from '@sallyport/policy';
import { isObject } from '../transports/guarded-transport.ts';

const known = new WeakMap<AnyPolicy, Map<string, readonly string[]>>();

/**
 * Fields that a record must have to be judged. A rule reads a missing one as null, which fails a test of an allowing rule
 * and meets `ne` and `exists: false`; in a denying rule it is the other way round. A record that was loaded without such a
 * field would be allowed for the lack of it.
 */
export function fieldsThatMustBeThere(policy: AnyPolicy, action: string, type: string): readonly string[] {
  const byAction = known.get(policy) ?? new Map<string, readonly string[]>();
  known.set(policy, byAction);
  const key = `${action} ${type}`;
  let fields = byAction.get(key);
  if (fields === undefined) {
    fields = [...new Set(rulesOf(policy, action, type).flatMap((rule) => widenedBy(rule, action)))];
    byAction.set(key, fields);
  }
  return fields;
}

/** Whether a rule on this action looks at a record. */
export function looksAtRecords(policy: AnyPolicy, action: string, type: string): boolean {
  return rulesOf(policy, action, type).some(
    (rule) => rule.fields !== undefined || testsOfRule(rule, action).length > 0,
  );
}

function rulesOf(policy: AnyPolicy, action: string, type: string): readonly PolicyRule[] {
  return policy.rules.filter(({ allow, deny, on }) => {
    const actions = [allow ?? deny ?? []].flat();
    return on === type && (actions.includes(action) || actions.includes('*'));
  });
}

function widenedBy(rule: PolicyRule, action: string): readonly string[] {
  const isDenied = rule.deny !== undefined;
  return testsOfRule(rule, action)
    .filter(({ operator, operand }) => meetsNull(operator, operand) !== isDenied)
    .map(({ field }) => field);
}

function meetsNull(operator: string, operand: unknown): boolean {
  return operator === 'ne' || (operator === 'exists' && operand === false);
}

interface FieldTest {
  readonly field: string;
  readonly operator: string;
  readonly operand: unknown;
}

/** A record that is created must pass `after` as well as `when`; of other actions `after` is judged at the write. */
function testsOfRule({ when, after }: PolicyRule, action: string): readonly FieldTest[] {
  return action === 'create' ? [...testsOf(when), ...testsOf(after)] : testsOf(when);
}

/** Every test of a field of the record; there is no `not`, so that a test means the same wherever it stands. */
function testsOf(condition: unknown): readonly FieldTest[] {
  if (!isObject(condition)) return [];
  return Object.entries(condition).flatMap(([name, value]): readonly FieldTest[] => {
    if (name === 'and' || name === 'or') return Array.isArray(value) ? value.flatMap(testsOf) : [];
    if (name === 'subject' || !isObject(value)) return [];
    return Object.entries(value).map(([operator, operand]) => ({ field: name, operator, operand: operand as unknown }));
  });
}
