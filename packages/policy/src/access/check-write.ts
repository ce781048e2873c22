import { OptionsError } from '@sallyport/core/browser';
import type { SubjectValues } from '../conditions/condition-tree.ts';
import type { RuleCondition } from '../conditions/rule-condition.ts';
import { canHold } from '../definition/record-types.ts';
import { listChanges } from './changed-fields.ts';
import type { Decision } from './decision.ts';
import { toReference, type Rule } from './rule.ts';
import type { TypeAbility } from './type-ability.ts';

type Row = Readonly<Record<string, unknown>>;

/** What is decided about a write. */
export interface WriteDecision extends Decision {
  /**
   * Of the rule that decided, or `no-rule-allows`, `not-allowed-after-write` (no rule allows the record as it would be),
   * `field-not-permitted`, `field-not-declared`, `field-of-other-type`.
   */
  readonly reason: string;
  /** Changed fields that may not be changed. Empty when the write is allowed, or refused as a whole. */
  readonly refusedFields: readonly string[];
}

/** Decides about a write: the rules on the record before it, their `after` on the record after it, and each field that changes. */
export function decideWrite(
  ability: TypeAbility,
  values: SubjectValues,
  action: string,
  known: Row | null,
  after: Row | null,
): WriteDecision {
  // What is created is judged as it will be, whatever it was made from.
  const before = action === 'create' ? null : known;
  const target = before ?? after;
  if (target == null || action === 'read')
    throw new OptionsError(`checkWrite('${action}', …) has nothing to check: give the record before or after a write`);
  const applying = ability.applying(values, action, target);
  const denials = [
    ...applying.filter(({ effect }) => effect === 'deny'),
    ...denialsOfWrite(ability.rules, values, action, before, after),
  ];
  const denial = denials.find(({ fields }) => fields === undefined);
  if (denial !== undefined) return refuse(denial.reason, denial);

  const allowances = applying.filter(({ effect }) => effect === 'allow');
  if (allowances.length === 0) return refuse('no-rule-allows');
  const holding = allowances.filter((rule) => after === null || passes(rule.after, after, values));
  if (holding.length === 0) return refuse('not-allowed-after-write', allowances[0]);

  const { changed, undeclared } = listChanges(Object.keys(ability.type.fields), before, after);
  if (undeclared.length > 0) return refuse('field-not-declared', undefined, undeclared);
  const unfit = changed.filter((field) => !canHold(ability.type.fields[field], after?.[field]));
  if (unfit.length > 0) return refuse('field-of-other-type', undefined, unfit);
  const isAbout = (field: string) => (rule: Rule) => rule.fields === undefined || rule.fields.includes(field);
  const refused = changed.filter((field) => denials.some(isAbout(field)) || !holding.some(isAbout(field)));
  const [first] = refused;
  if (first !== undefined) {
    const decisive = denials.find(isAbout(first));
    return refuse(decisive?.reason ?? 'field-not-permitted', decisive, refused);
  }
  const decisive = holding.find((rule) => changed.every((field) => isAbout(field)(rule))) ?? holding[0];
  return { allowed: true, reason: decisive?.reason ?? '', ...referTo(decisive), refusedFields: [] };
}

/** Denials that look at the record after the write. One of `create` looks at one record alone, and applies like any other. */
function denialsOfWrite(
  rules: readonly Rule[],
  values: SubjectValues,
  action: string,
  before: Row | null,
  after: Row | null,
): readonly Rule[] {
  if (action === 'create' || after === null) return [];
  return rules.filter(
    (rule) =>
      rule.effect === 'deny' &&
      rule.hasAfter &&
      rule.actions.includes(action) &&
      passes(rule.when, before ?? after, values) &&
      passes(rule.after, after, values),
  );
}

function passes(condition: RuleCondition | undefined, record: Row, values: SubjectValues): boolean {
  return condition === undefined || condition.matches(record, values);
}

function refuse(reason: string, rule?: Rule, refusedFields: readonly string[] = []): WriteDecision {
  return { allowed: false, reason, ...referTo(rule), refusedFields };
}

function referTo(rule: Rule | undefined): Pick<Decision, 'rule'> {
  return rule === undefined ? {} : { rule: toReference(rule) };
}
