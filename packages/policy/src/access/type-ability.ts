import { Ability, type RawRuleOf, type RuleOf } from '@casl/ability';
import { rulesToCondition } from '@casl/ability/extra';
import { toMatcher } from '../conditions/matcher.ts';
import { allOf, always, anyOf, isAlways, isNever, negate, never, type Test } from '../conditions/test.ts';
import type { ResolvedRule, ResolvedType } from './resolved-rule.ts';

type TypeRules = Ability<[string, string | Readonly<Record<string, unknown>>], Test>;
type RawRule = RawRuleOf<TypeRules> & { readonly source: ResolvedRule };

/** What a caller may do with records of one type: a CASL ability, asked with a matcher of our own. */
export interface TypeAbility {
  readonly type: ResolvedType;
  /** The first rule that applies to the record, denials first. `undefined` when none does. */
  decide(action: string, record: unknown, field?: string): ResolvedRule | undefined;
  /** Whether there may be a record for which the action is allowed. */
  isConceivable(action: string, field?: string): boolean;
  /** Every rule that applies to the record, whatever its fields. */
  applying(action: string, record: unknown): readonly ResolvedRule[];
  /** The records for which {@link decide} comes to a rule that allows. */
  condition(action: string, field?: string): Test;
}

/** An action and a type that rules cannot name: CASL's own wildcards, `manage` and `all`, are names like others here. */
const noName = '*';

/** Builds the ability of a caller on records of one type. */
export function createTypeAbility(name: string, type: ResolvedType): TypeAbility {
  const denials = type.rules.filter(({ effect }) => effect === 'deny');
  const allowances = type.rules.filter(({ effect }) => effect === 'allow');
  // CASL asks the last rule first: denials come last, so that they win, and each group in reverse, so that it is asked in order.
  const ordered = [...allowances.reverse(), ...denials.reverse()];
  const ability: TypeRules = new Ability(
    ordered.flatMap((rule) => toRawRules(name, rule)),
    {
      conditionsMatcher: toMatcher,
      // CASL's own matcher reads a * in a field as a pattern.
      fieldMatcher: (fields) => {
        const names: readonly string[] = fields;
        return (field) => names.includes(field);
      },
      anyAction: noName,
      anySubjectType: noName,
    },
  );
  const rulesFor = (action: string): readonly RuleOf<TypeRules>[] => ability.possibleRulesFor(action, name);

  return {
    type,
    decide: (action, record, field) => {
      // CASL takes no record for a question about the type, and a text for the name of one: both would be allowed.
      if (!isRecord(record)) return undefined;
      for (const rule of rulesFor(action))
        if (rule.matchesField(field) && rule.matchesConditions(record)) return sourceOf(rule);
      return undefined;
    },
    isConceivable: (action, field) => {
      for (const rule of rulesFor(action)) {
        if (!rule.matchesField(field)) continue;
        if (!rule.inverted) return true;
        if (rule.conditions === undefined) return false;
      }
      return false;
    },
    applying: (action, record) =>
      isRecord(record)
        ? rulesFor(action)
            .filter((rule) => rule.matchesConditions(record))
            .map(sourceOf)
        : [],
    condition: (action, field) =>
      rulesToCondition<TypeRules, Test, Test>(
        rulesFor(action).filter((rule) => rule.matchesField(field)),
        ({ inverted, conditions = always }) => (inverted ? negate(conditions) : conditions),
        { and: allOf, or: anyOf, empty: () => always },
      ) ?? never,
  };
}

/** A record that is created must pass `when` and `after`. For other actions, a denial with `after` is judged at the write alone. */
function toRawRules(subject: string, source: ResolvedRule): readonly RawRule[] {
  const { actions, when, after } = source;
  if (after === undefined) return toRawRule(subject, source, actions, when);
  const creates = actions.filter((action) => action === 'create');
  const others = source.effect === 'deny' ? [] : actions.filter((action) => action !== 'create');
  return [
    ...toRawRule(subject, source, others, when),
    ...toRawRule(subject, source, creates, allOf([when ?? always, after])),
  ];
}

function toRawRule(
  subject: string,
  source: ResolvedRule,
  actions: readonly string[],
  conditions: Test = always,
): readonly RawRule[] {
  if (isNever(conditions) || actions.length === 0) return [];
  return [
    {
      subject,
      action: [...actions],
      inverted: source.effect === 'deny',
      ...(!isAlways(conditions) && { conditions }),
      ...(source.fields !== undefined && { fields: [...source.fields] }),
      source,
    },
  ];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function sourceOf(rule: RuleOf<TypeRules>): ResolvedRule {
  return (rule.origin as RawRule).source; // CASL keeps the rule that it was given.
}
