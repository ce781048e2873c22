import type { SubjectValues } from '../conditions/condition-tree.ts';
import { fromTest, resolveCondition } from '../conditions/rule-condition.ts';
import { isAlways, isNever, type Test } from '../conditions/test.ts';
import type { FieldType } from '../definition/record-types.ts';
import type { Rule, RuledType, RuleReference } from './rule.ts';

/** What {@link Access.pack} makes and {@link unpackAccess} reads: JSON, of the same version of this package. */
export interface PackedAccess {
  readonly version: 1;
  readonly types: Readonly<Record<string, PackedType>>;
}

/** A type of record, and the rules on it that are about the caller. */
export interface PackedType {
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly actions: readonly string[];
  readonly rules: readonly PackedRule[];
}

/** A rule with the values of the caller filled in. */
interface PackedRule extends RuleReference {
  readonly actions: readonly string[];
  readonly fields?: readonly string[];
  readonly when?: Test;
  /** Present where it was written. */
  readonly after?: Test;
  readonly textForUser?: string;
}

/** Packs the rules on a type for one caller. What can never apply is left out. */
export function packType({ fields, actions }: RuledType, rules: readonly Rule[], values: SubjectValues): PackedType {
  return { fields, actions, rules: rules.flatMap((rule) => packRule(rule, values)) };
}

function packRule(rule: Rule, values: SubjectValues): readonly PackedRule[] {
  const { index, effect, reason, actions, fields, hasAfter, textForUser } = rule;
  const when = resolveCondition(rule.when, values);
  if (isNever(when)) return [];
  return [
    {
      index,
      effect,
      reason,
      actions,
      ...(fields !== undefined && { fields }),
      ...(!isAlways(when) && { when }),
      ...(hasAfter && { after: resolveCondition(rule.after, values) }),
      ...(textForUser !== undefined && { textForUser }),
    },
  ];
}

/** Reads the rules on a type. */
export function unpackRules({ rules }: PackedType): readonly Rule[] {
  return rules.map((packed): Rule => {
    const when = packed.when && fromTest(packed.when);
    return {
      index: packed.index,
      effect: packed.effect,
      reason: packed.reason,
      actions: packed.actions,
      fields: packed.fields,
      when,
      after: packed.after === undefined ? afterOf(packed.effect, when) : fromTest(packed.after),
      hasAfter: packed.after !== undefined,
      textForUser: packed.textForUser,
    };
  });
}

/** What holds after a write where nothing was written: what allowed it must allow it again. */
export function afterOf(effect: Rule['effect'], when: Rule['when']): Rule['after'] {
  return effect === 'allow' ? when : undefined;
}
