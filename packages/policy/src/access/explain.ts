import { describeCondition, listUnmet } from '../conditions/describe-condition.ts';
import { reasonForNoPart, type CompiledRule, type CompiledType, type RuleSubject } from './compiled-policy.ts';
import { decide, type Question } from './decision.ts';
import { textForUser, type Explanation, type RuleTrace, type WayToAllow } from './explanation.ts';
import { toReference } from './rule.ts';
import type { TypeAbility } from './type-ability.ts';

/** A rule, and what came of it. */
interface TracedRule {
  readonly rule: CompiledRule;
  readonly trace: RuleTrace;
}

/** Explains a decision by going through the rules as they were written. */
export function explain(
  type: CompiledType,
  ability: TypeAbility,
  subject: RuleSubject,
  question: Question,
): Explanation {
  const decision = decide(ability, subject, question);
  const traced = type.rules
    .filter(({ actions }) => actions.includes(question.action))
    .map((rule): TracedRule => ({ rule, trace: toTrace(rule, type, subject, question) }))
    .sort((a, b) => Number(b.rule.effect === 'deny') - Number(a.rule.effect === 'deny'));
  const why = traced.map(({ trace }) => trace);
  const whatWouldAllow = decision.allowed ? [] : listWays(traced, type);
  const deciding = traced.find(({ rule }) => rule.index === decision.rule?.index) ?? traced.find(isNearMiss);
  const isSignInMissing = decision.rule === undefined && why.some(({ outcome }) => outcome === 'sign-in-required');
  return {
    decision,
    why,
    whatWouldAllow,
    textForUser: textForUser(question, decision, deciding?.rule.texts.user, isSignInMissing),
    textForAdministrator: writeForAdministrator(question, subject, traced, decision.allowed, whatWouldAllow),
  };
}

/** A rule that would have allowed it for another record: its text tells the caller which. */
function isNearMiss({ rule, trace }: TracedRule): boolean {
  return rule.effect === 'allow' && trace.outcome === 'not-met' && rule.texts.user !== undefined;
}

function toTrace(rule: CompiledRule, type: CompiledType, subject: RuleSubject, question: Question): RuleTrace {
  const unmet = unmetOf(rule, type, subject, question);
  return { rule: toReference(rule), outcome: outcomeOf(rule, subject, question, unmet), unmet };
}

function outcomeOf(
  rule: CompiledRule,
  subject: RuleSubject,
  { action, field }: Question,
  unmet: readonly string[],
): RuleTrace['outcome'] {
  const noPart = reasonForNoPart(rule, subject);
  if (noPart !== undefined) return noPart;
  const isCovered =
    rule.fields === undefined || (field === undefined ? rule.effect === 'allow' : rule.fields.includes(field));
  if (!isCovered) return 'field-not-covered';
  if (rule.effect === 'deny' && rule.hasAfter && action !== 'create') return 'judged-at-write';
  return unmet.length > 0 ? 'not-met' : 'applies';
}

function unmetOf(
  { effect, whenTree, afterTree }: CompiledRule,
  { fields }: CompiledType,
  subject: RuleSubject,
  { action, record }: Question,
): readonly string[] {
  if (typeof record !== 'object' || record === null) return ['there is a record'];
  const context = { types: fields, subject, unknownIs: effect === 'deny' };
  return [whenTree, action === 'create' ? afterTree : undefined].flatMap((tree) =>
    tree === undefined ? [] : listUnmet(tree, record as Readonly<Record<string, unknown>>, context),
  );
}

function listWays(traced: readonly TracedRule[], type: CompiledType): readonly WayToAllow[] {
  const denials = traced
    .filter(({ rule, trace }) => rule.effect === 'deny' && trace.outcome === 'applies')
    .map(({ rule }) => describeDenial(rule, type));
  return traced
    .filter(({ rule, trace }) => rule.effect === 'allow' && trace.outcome !== 'field-not-covered')
    .map(({ rule, trace }) => ({
      rule: trace.rule,
      needs: [...describeCaller(rule, trace), ...trace.unmet, ...denials],
    }));
}

function describeCaller({ to }: CompiledRule, { outcome }: RuleTrace): readonly string[] {
  const permission = to === 'signed-in' ? [] : [`permission ${to}`];
  if (outcome === 'sign-in-required') return ['sign in', ...permission];
  return outcome === 'permission-missing' ? permission : [];
}

function describeDenial(rule: CompiledRule, { fields }: CompiledType): string {
  const condition = rule.whenTree === undefined ? '' : ` while ${describeCondition(rule.whenTree, fields)}`;
  const exemption = rule.unless === undefined ? '' : `, except to callers with permission ${rule.unless}`;
  return `${nameOf(rule)} does not apply: it denies${condition}${exemption}`;
}

function writeForAdministrator(
  { action, type, field }: Question,
  { kind, id }: RuleSubject,
  traced: readonly TracedRule[],
  isAllowed: boolean,
  ways: readonly WayToAllow[],
): string {
  const object = field === undefined ? type : `${type}.${field}`;
  const caller = id === undefined ? 'a caller who is not signed in' : `${kind} ${id}`;
  return [
    `${isAllowed ? 'Allowed' : 'Refused'}: ${action} on ${object} for ${caller}.`,
    ...traced.map(({ rule, trace }) => describeTrace(rule, trace)),
    ...(traced.length === 0 ? [`No rule is about ${action} on ${type}.`] : []),
    ...ways.map(({ rule, needs }) => `${nameOf(rule)} would allow it with: ${needs.join('; ')}.`),
  ].join('\n');
}

function describeTrace(rule: CompiledRule, { outcome, unmet }: RuleTrace): string {
  const text = rule.texts.administrator === undefined ? '' : ` ${rule.texts.administrator}`;
  return `${nameOf(rule)}, ${rule.effect === 'deny' ? 'a denial' : 'allows'}: ${describeOutcome(rule, outcome, unmet)}.${text}`;
}

function describeOutcome(
  { to, unless }: CompiledRule,
  outcome: RuleTrace['outcome'],
  unmet: readonly string[],
): string {
  switch (outcome) {
    case 'applies':
      return 'applies';
    case 'sign-in-required':
      return 'is for callers who are signed in';
    case 'permission-missing':
      return `is for callers with permission ${to}`;
    case 'exempt':
      return `spares callers with permission ${unless ?? ''}`;
    case 'field-not-covered':
      return 'is about other fields';
    case 'judged-at-write':
      return 'is judged when the record is written';
    case 'not-met':
      return `does not apply, since this does not hold: ${unmet.join('; ')}`;
  }
}

function nameOf({ index, reason }: Pick<CompiledRule, 'index' | 'reason'>): string {
  return `rules[${index}]${reason === `rule-${index}` ? '' : ` (${reason})`}`;
}
