import { Ability, type RawRuleOf, type RuleOf } from '@casl/ability';
import { rulesToCondition } from '@casl/ability/extra';
import type { SubjectValues } from '../conditions/condition-tree.ts';
import { bothOf, resolveCondition, type RuleCondition } from '../conditions/rule-condition.ts';
import { allOf, always, anyOf, isAlways, isNever, negate, never, type Test } from '../conditions/test.ts';
import type { Rule, RuledType } from './rule.ts';

type Row = Readonly<Record<string, unknown>>;

/** What CASL matches in the place of a record: it hands it to our matcher as it is. */
interface Target {
  readonly record: Row;
  readonly values: SubjectValues;
}

type TypeRules = Ability<[string, string | Target], RuleCondition>;
type RawRule = RawRuleOf<TypeRules> & { readonly source: Rule };

/**
 * What callers with the same permissions may do with records of one type: a CASL ability, asked with a matcher of our own. The
 * values of a caller come with each question, so that a caller who is new costs nothing.
 */
export interface TypeAbility {
  readonly type: RuledType;
  /** The rules that it is made of. */
  readonly rules: readonly Rule[];
  /** The first rule that applies to the record, denials first. `undefined` when none does. */
  decide(values: SubjectValues, action: string, record: unknown, field?: string): Rule | undefined;
  /** Whether there may be a record for which the action is allowed. */
  isConceivable(values: SubjectValues, action: string, field?: string): boolean;
  /** Every rule that applies to the record, whatever its fields. */
  applying(values: SubjectValues, action: string, record: unknown): readonly Rule[];
  /** The records for which {@link decide} comes to a rule that allows. */
  condition(values: SubjectValues, action: string, field?: string): Test;
}

/** A rule, and the rules of CASL that it comes to. */
export interface PreparedRule {
  readonly rule: Rule;
  readonly raw: readonly RawRule[];
}

/**
 * Writes a rule on a type for CASL. A record that is created must pass `when` and `after`. For other actions, a denial with `after`
 * is judged at the write alone.
 */
export function prepareRule(type: string, rule: Rule): PreparedRule {
  const { effect, actions, when, after, hasAfter } = rule;
  if (!hasAfter) return { rule, raw: toRawRule(type, rule, actions, when) };
  const others = effect === 'allow' ? without(actions, 'create') : [];
  const creates = actions.filter((action) => action === 'create');
  return {
    rule,
    raw: [...toRawRule(type, rule, others, when), ...toRawRule(type, rule, creates, bothOf(when, after))],
  };
}

/** An action and a type that rules cannot name: CASL's own wildcards, `manage` and `all`, are names like others here. */
const noName = '*';

/** Builds the ability for records of one type. */
export function createTypeAbility(type: RuledType, prepared: readonly PreparedRule[]): TypeAbility {
  const ability: TypeRules = new Ability(toCaslRules(prepared), {
    conditionsMatcher: toCaslMatcher,
    fieldMatcher: toFieldMatcher,
    anyAction: noName,
    anySubjectType: noName,
  });
  const rulesFor = (action: string): readonly RuleOf<TypeRules>[] => ability.possibleRulesFor(action, type.name);

  return {
    type,
    rules: prepared.map(({ rule }) => rule),
    decide: (values, action, record, field) => {
      // CASL takes no record for a question about the type, and a text for the name of one: both would be allowed.
      if (!isRow(record)) return undefined;
      const target = { record, values };
      for (const rule of rulesFor(action))
        if (rule.matchesField(field) && rule.matchesConditions(target)) return sourceOf(rule);
      return undefined;
    },
    isConceivable: (values, action, field) => {
      for (const rule of rulesFor(action)) {
        if (!rule.matchesField(field)) continue;
        const test = resolveCondition(rule.conditions, values);
        if (rule.inverted ? isAlways(test) : !isNever(test)) return !rule.inverted;
      }
      return false;
    },
    applying: (values, action, record) => {
      if (!isRow(record)) return [];
      const target = { record, values };
      return rulesFor(action)
        .filter((rule) => rule.matchesConditions(target))
        .map(sourceOf);
    },
    condition: (values, action, field) =>
      rulesToCondition<TypeRules, Test, Test>(
        rulesFor(action).filter((rule) => rule.matchesField(field)),
        ({ inverted, conditions }) => {
          const test = resolveCondition(conditions, values);
          return inverted ? negate(test) : test;
        },
        { and: allOf, or: anyOf, empty: () => always },
      ) ?? never,
  };
}

function toCaslMatcher(condition: RuleCondition): (target: Row) => boolean {
  return (target) => {
    const { record, values } = target as unknown as Target; // It is what decide() and applying() made.
    return condition.matches(record, values);
  };
}

/** CASL's own matcher reads a * in a field as a pattern. */
function toFieldMatcher(fields: readonly string[]): (field: string) => boolean {
  return (field) => fields.includes(field);
}

/** CASL asks the last rule first: denials come last, so that they win, and each group in reverse, so that it is asked in order. */
function toCaslRules(rules: readonly PreparedRule[]): RawRule[] {
  const raw: RawRule[] = [];
  for (const effect of ['allow', 'deny'] as const)
    for (let index = rules.length - 1; index >= 0; index -= 1) {
      const prepared = rules[index];
      if (prepared?.rule.effect === effect) raw.push(...prepared.raw);
    }
  return raw;
}

function without(actions: readonly string[], action: string): readonly string[] {
  return actions.filter((each) => each !== action);
}

function toRawRule(
  subject: string,
  source: Rule,
  actions: readonly string[],
  conditions: RuleCondition | undefined,
): readonly RawRule[] {
  if (actions.length === 0) return [];
  const { effect, fields } = source;
  return [
    {
      subject,
      action: [...actions],
      inverted: effect === 'deny',
      source,
      ...(conditions !== undefined && { conditions }),
      ...(fields !== undefined && { fields: [...fields] }),
    },
  ];
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null;
}

function sourceOf(rule: RuleOf<TypeRules>): Rule {
  return (rule.origin as RawRule).source; // CASL keeps the rule that it was given.
}
