import { findConditionProblems } from './find-condition-problems.ts';
import { isPlainObject } from './plain-data.ts';
import { orMeant, refuseUnknownMembers, relabel, show, type Place, type PolicyProblem } from './problems.ts';
import { actionsOf, actionsWithoutAfter, type RecordType } from './record-types.ts';
import { reservedReasons } from './reasons.ts';

/** The names that rules can use. */
export interface DeclaredNames {
  readonly permissions: readonly string[];
  readonly roles: readonly string[];
  readonly organizationRoles: readonly string[];
  readonly records: Readonly<Record<string, RecordType>>;
}

type RawRule = Readonly<Record<string, unknown>>;

const members = ['allow', 'deny', 'on', 'to', 'unless', 'when', 'after', 'fields', 'reason', 'texts'] as const;
const audiences = ['everyone', 'signed-in'] as const;
const reasonPattern = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Reports what is wrong with a rule, under its index and its reason. */
export function findRuleProblems(problems: PolicyProblem[], at: Place, rule: unknown, names: DeclaredNames): void {
  if (!isPlainObject(rule)) {
    at.report(`${show(rule)} is no rule: write { allow: 'read', on: …, to: … }`);
    return;
  }
  const { reason } = rule;
  const place = typeof reason === 'string' ? relabel(problems, at, `${at.label} (${reason})`) : at;
  refuseUnknownMembers(place, rule, members);
  for (const [name, value] of Object.entries(rule))
    if (value === undefined) place.report(`"${name}" is undefined: leave it out, or give it a value`);
  checkAudience(place, rule, names.permissions);
  checkReason(place, rule);
  const type = rule['on'];
  const record = typeof type === 'string' && Object.hasOwn(names.records, type) ? names.records[type] : undefined;
  if (record === undefined) {
    place.report(`on: type ${show(type)} is not declared in "records"${orMeant(type, Object.keys(names.records))}`);
    return;
  }
  const actions = checkActions(place, rule, record);
  checkFieldNames(place, rule, record, actions);
  const conditionNames = { ...names, fields: record.fields };
  if (rule['when'] !== undefined) findConditionProblems(place.at('when'), rule['when'], conditionNames);
  if (rule['after'] === undefined) return;
  findConditionProblems(place.at('after'), rule['after'], conditionNames);
  const isWithoutAfter = (action: string): boolean => actionsWithoutAfter.includes(action);
  // A denial by what comes of a write would be void for what writes nothing, and look as if it were not.
  const isVoid = rule['deny'] === undefined ? actions.every(isWithoutAfter) : actions.some(isWithoutAfter);
  if (isVoid && actions.length > 0 && (rule['allow'] ?? rule['deny']) !== '*')
    place.report('"after" has no effect on read and delete, after which there is no other record');
}

function checkAudience(place: Place, rule: RawRule, permissions: readonly string[]): void {
  const { to, unless } = rule;
  const isAllow = rule['allow'] !== undefined;
  if (isAllow === (rule['deny'] !== undefined)) place.report('a rule has either "allow" or "deny"');
  const known = [...audiences, ...permissions];
  if (isAllow && to === undefined) place.report('says not to whom: add "to" with a permission, signed-in or everyone');
  else if (to !== undefined && !known.includes(to as string))
    place.report(`to: ${show(to)} is no declared permission, and not signed-in or everyone${orMeant(to, known)}`);
  if (unless === undefined) return;
  if (isAllow) place.report('"unless" is for rules that deny');
  if (!permissions.includes(unless as string))
    place.report(`unless: permission ${show(unless)} is not declared${orMeant(unless, permissions)}`);
  if (unless === to) place.report('"unless" names the permission of "to": the rule is about no caller');
}

function checkReason(place: Place, { reason, texts }: RawRule): void {
  if (reason !== undefined && (typeof reason !== 'string' || !reasonPattern.test(reason)))
    place.report(`reason: ${show(reason)} is no code: write lower case and hyphens, such as owner-is-fixed`);
  else if (reservedReasons.some((reserved) => reserved === reason) || /^rule-\d+$/.test(String(reason)))
    place.report(`reason: ${show(reason)} is what decisions say by themselves: choose another code`);
  if (texts === undefined) return;
  if (!isPlainObject(texts)) {
    place.report('texts: write { user: …, administrator: … }');
    return;
  }
  refuseUnknownMembers(place.at('texts'), texts, ['user', 'administrator']);
  for (const [reader, text] of Object.entries(texts))
    if (typeof text !== 'string' || text.trim() === '')
      place.at('texts', reader).report(`${show(text)} is no sentence`);
}

function checkActions(place: Place, rule: RawRule, record: RecordType): readonly string[] {
  const written = rule['allow'] ?? rule['deny'];
  const known = actionsOf(record);
  if (written === '*') return known;
  const actions: readonly unknown[] = Array.isArray(written) ? written : [written];
  if (actions.length === 0) place.report('names no action');
  for (const [index, action] of actions.entries()) {
    if (action === '*') place.report('"*" stands for all actions: write it alone');
    else if (!known.includes(action as string))
      place.report(`action ${show(action)} is not known to ${String(rule['on'])}${orMeant(action, known)}`);
    else if (actions.indexOf(action) !== index) place.report(`action ${show(action)} is named twice`);
  }
  return actions.filter((action) => typeof action === 'string');
}

function checkFieldNames(place: Place, rule: RawRule, record: RecordType, actions: readonly string[]): void {
  const { fields } = rule;
  if (fields === undefined) return;
  if (!Array.isArray(fields) || fields.length === 0) {
    place.report(
      `fields: ${Array.isArray(fields) ? 'an empty list' : show(fields)} names no field: leave it out for all fields`,
    );
    return;
  }
  const known = Object.keys(record.fields);
  for (const [index, field] of fields.entries()) {
    if (!known.includes(field as string))
      place.report(`fields: ${show(field)} is no field of ${String(rule['on'])}${orMeant(field, known)}`);
    else if (fields.indexOf(field) !== index) place.report(`fields: ${show(field)} is named twice`);
  }
  if ((rule['allow'] ?? rule['deny']) !== '*' && actions.includes('delete'))
    place.report('fields: a record is deleted as a whole: write a rule for delete without fields');
}
