import { toTree, type ConditionTree, type SubjectValues } from '../conditions/condition-tree.ts';
import { toRuleCondition } from '../conditions/rule-condition.ts';
import { parsePolicy } from '../definition/parse-policy.ts';
import type { AnyPolicy, PolicyRule, RuleTexts } from '../definition/policy.ts';
import { reasonOf } from '../definition/reasons.ts';
import { actionsOf, actionsWithoutAfter } from '../definition/record-types.ts';
import { afterOf } from './packed-form.ts';
import type { Rule, RuledType } from './rule.ts';
import { prepareRule, type PreparedRule } from './type-ability.ts';

/** A rule, with whom it is about and what explanations tell of it. */
export interface CompiledRule extends Rule {
  /** A permission, `signed-in` or `everyone`. */
  readonly to: string;
  readonly unless: string | undefined;
  readonly whenTree: ConditionTree | undefined;
  readonly afterTree: ConditionTree | undefined;
  readonly texts: RuleTexts;
}

/** A type of record and the rules on it, in their order. */
export interface CompiledType extends RuledType {
  readonly rules: readonly CompiledRule[];
  /** The same, for the abilities that are made of them. */
  readonly prepared: readonly (PreparedRule & { readonly rule: CompiledRule })[];
  /** The permissions that its rules name: callers who are the same in these share an ability. */
  readonly permissions: readonly string[];
}

/** A policy by type of record. */
export type CompiledPolicy = ReadonlyMap<string, CompiledType>;

/** What rules can see of a caller. */
export interface RuleSubject extends SubjectValues {
  readonly isSignedIn: boolean;
  readonly permissions: ReadonlySet<string>;
}

/** Reads a policy once. */
export function compilePolicy(definition: AnyPolicy): CompiledPolicy {
  const { records, rules } = parsePolicy(definition);
  const byType = new Map<string, CompiledRule[]>(Object.keys(records).map((name) => [name, []]));
  for (const [index, rule] of rules.entries()) {
    const declaration = records[rule.on]; // A rule on a type that is not declared was refused.
    if (declaration !== undefined) byType.get(rule.on)?.push(compileRule(rule, index, actionsOf(declaration)));
  }
  const types = Object.entries(records).map(([name, declaration]): readonly [string, CompiledType] => {
    const compiled = byType.get(name) ?? [];
    const prepared = compiled.map((rule) => ({ ...prepareRule(name, rule), rule }));
    const permissions = new Set(compiled.flatMap(({ to, unless }) => (unless === undefined ? [to] : [to, unless])));
    return [
      name,
      {
        name,
        fields: declaration.fields,
        actions: actionsOf(declaration),
        rules: compiled,
        prepared,
        permissions: [...permissions],
      },
    ];
  });
  return new Map(types);
}

/** Why a rule is not about a caller; `undefined` when it is. */
export function reasonForNoPart(
  rule: CompiledRule,
  { isSignedIn, permissions }: Pick<RuleSubject, 'isSignedIn' | 'permissions'>,
): 'sign-in-required' | 'permission-missing' | 'exempt' | undefined {
  if (rule.to !== 'everyone') {
    if (!isSignedIn) return 'sign-in-required';
    if (rule.to !== 'signed-in' && !permissions.has(rule.to)) return 'permission-missing';
  }
  return rule.unless !== undefined && isSignedIn && permissions.has(rule.unless) ? 'exempt' : undefined;
}

function compileRule(rule: PolicyRule, index: number, known: readonly string[]): CompiledRule {
  const { fields, to = 'everyone', unless, texts = {} } = rule;
  const effect = rule.allow === undefined ? 'deny' : 'allow';
  const whenTree = rule.when && toTree(rule.when);
  const afterTree = rule.after && toTree(rule.after);
  const when = whenTree && toRuleCondition(whenTree, effect === 'deny');
  return {
    index,
    effect,
    reason: reasonOf(index, rule.reason),
    actions: toActions(rule, known),
    fields,
    when,
    after: afterTree === undefined ? afterOf(effect, when) : toRuleCondition(afterTree, effect === 'deny'),
    hasAfter: afterTree !== undefined,
    textForUser: texts.user,
    to,
    unless,
    whenTree,
    afterTree,
    texts,
  };
}

/** `*` stands for every action on which the rule can have an effect. */
function toActions({ allow, deny = [], fields, after }: PolicyRule, known: readonly string[]): readonly string[] {
  const written = allow ?? deny;
  if (written !== '*') return typeof written === 'string' ? [written] : written;
  const isDenialOfWrites = allow === undefined && after !== undefined;
  return known.filter((action) => {
    if (isDenialOfWrites && actionsWithoutAfter.includes(action)) return false;
    return fields === undefined || action !== 'delete'; // A record is deleted as a whole.
  });
}
