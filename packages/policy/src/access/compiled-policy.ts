import { compileCondition, type CompiledCondition, type SubjectValues } from '../conditions/condition-tree.ts';
import { isAlways, isNever } from '../conditions/test.ts';
import { parsePolicy } from '../definition/parse-policy.ts';
import type { AnyPolicy, PolicyRule, RuleTexts } from '../definition/policy.ts';
import { reasonOf } from '../definition/reasons.ts';
import { actionsOf, type RecordType } from '../definition/record-types.ts';
import type { ResolvedRule, ResolvedType, RuleReference } from './resolved-rule.ts';

/** A rule that is read once, and filled in for each caller. */
export interface CompiledRule extends RuleReference {
  readonly actions: readonly string[];
  readonly fields: readonly string[] | undefined;
  /** A permission, `signed-in` or `everyone`. */
  readonly to: string;
  readonly unless: string | undefined;
  readonly when: CompiledCondition | undefined;
  readonly after: CompiledCondition | undefined;
  readonly texts: RuleTexts;
}

/** A type of record and the rules on it, in their order. */
export interface CompiledType {
  readonly declaration: RecordType;
  readonly actions: readonly string[];
  readonly rules: readonly CompiledRule[];
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
  const types = new Map<string, CompiledType & { readonly rules: CompiledRule[] }>();
  for (const [type, declaration] of Object.entries(records))
    types.set(type, { declaration, actions: actionsOf(declaration), rules: [] });
  for (const [index, rule] of rules.entries()) {
    const type = types.get(rule.on); // A rule on a type that is not declared was refused.
    type?.rules.push(compileRule(rule, index, type.actions));
  }
  return types;
}

/** Why a rule is not about a caller; `undefined` when it is. */
export function reasonForNoPart(
  rule: CompiledRule,
  { isSignedIn, permissions }: RuleSubject,
): 'sign-in-required' | 'permission-missing' | 'exempt' | undefined {
  if (rule.to !== 'everyone') {
    if (!isSignedIn) return 'sign-in-required';
    if (rule.to !== 'signed-in' && !permissions.has(rule.to)) return 'permission-missing';
  }
  return rule.unless !== undefined && isSignedIn && permissions.has(rule.unless) ? 'exempt' : undefined;
}

/** Fills in what a caller is, and leaves out what is not about them. */
export function resolveType({ declaration, actions, rules }: CompiledType, subject: RuleSubject): ResolvedType {
  const resolved = rules.flatMap((rule) =>
    reasonForNoPart(rule, subject) === undefined ? resolveRule(rule, subject) : [],
  );
  return { fields: declaration.fields, actions, rules: resolved };
}

function resolveRule(rule: CompiledRule, subject: RuleSubject): readonly ResolvedRule[] {
  const { index, effect, reason, actions, fields, texts } = rule;
  const unknownIs = effect === 'deny';
  const when = rule.when?.resolve(subject, unknownIs);
  const after = rule.after?.resolve(subject, unknownIs);
  if (when !== undefined && isNever(when)) return [];
  return [
    {
      index,
      effect,
      reason,
      actions,
      ...(fields !== undefined && { fields }),
      ...(when !== undefined && !isAlways(when) && { when }),
      ...(after !== undefined && { after }),
      ...(texts.user !== undefined && { textForUser: texts.user }),
    },
  ];
}

function compileRule(rule: PolicyRule, index: number, known: readonly string[]): CompiledRule {
  const { allow, deny, fields, to = 'everyone', unless, when, after, texts = {} } = rule;
  const written = allow ?? deny ?? [];
  return {
    index,
    effect: allow === undefined ? 'deny' : 'allow',
    reason: reasonOf(index, rule.reason),
    actions: toActions(written, known, fields !== undefined),
    fields,
    to,
    unless,
    when: when && compileCondition(when),
    after: after && compileCondition(after),
    texts,
  };
}

function toActions(
  written: string | readonly string[],
  known: readonly string[],
  isAboutFields: boolean,
): readonly string[] {
  // A record is deleted as a whole.
  if (written === '*') return isAboutFields ? known.filter((action) => action !== 'delete') : known;
  return typeof written === 'string' ? [written] : written;
}
