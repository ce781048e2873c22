import { isPermission } from '@sallyport/core/browser';
import { findRuleProblems } from './find-rule-problems.ts';
import { copyPlainData, isPlainObject } from './plain-data.ts';
import { createPlace, orMeant, refuseUnknownMembers, show, type Place, type PolicyProblem } from './problems.ts';
import { fieldTypes, standardActions, type RecordType } from './record-types.ts';

const members = ['permissions', 'roles', 'organizationRoles', 'source', 'records', 'rules'] as const;
const sources = ['database', 'file'] as const;
const typePattern = /^[A-Za-z][A-Za-z0-9]*$/;
const fieldPattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const actionPattern = /^[a-z][A-Za-z0-9-]*$/;
/** A condition means something else by these. */
const namesOfConditions = ['and', 'or', 'subject'];

/**
 * Lists what is wrong with a policy of unknown origin, for a message with other settings in it.
 *
 * @returns an empty list where {@link parsePolicy} would accept it.
 */
export function findPolicyProblems(definition: unknown): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const root = createPlace(problems);
  const policy = copyPlainData(definition);
  if (!isPlainObject(policy)) {
    root.report('a policy is an object with "permissions" and "roles"');
    return problems;
  }
  refuseUnknownMembers(root, policy, members);
  refuseUndefinedMembers(root, policy);
  const permissions = checkPermissions(root.at('permissions'), policy['permissions']);
  const roles = checkRoles(root.at('roles'), policy['roles'], permissions);
  const organizationRoles = checkRoles(root.at('organizationRoles'), policy['organizationRoles'] ?? {}, permissions);
  const { source } = policy;
  if (source !== undefined && !sources.some((known) => known === source))
    root.at('source').report(`${show(source)} is no source of roles${orMeant(source, sources)}`);
  const records = checkRecords(root.at('records'), policy['records'] ?? {});
  const rules = policy['rules'] ?? [];
  if (!Array.isArray(rules)) root.at('rules').report(`${show(rules)} is no list of rules`);
  else
    for (const [index, rule] of rules.entries())
      findRuleProblems(problems, root.at('rules', index), rule, { permissions, roles, organizationRoles, records });
  return problems;
}

function checkPermissions(place: Place, value: unknown): readonly string[] {
  if (!isPlainObject(value)) {
    place.report('permissions are an object: resource:action, and a sentence that says what it allows');
    return [];
  }
  for (const [permission, sentence] of Object.entries(value)) {
    if (!isPermission(permission)) place.report(`"${permission}" is not a permission: write resource:action`);
    if (typeof sentence !== 'string' || sentence.trim() === '')
      place.at(permission).report(`${show(sentence)} says nothing: write a sentence of what the permission allows`);
  }
  return Object.keys(value);
}

function checkRoles(place: Place, value: unknown, permissions: readonly string[]): readonly string[] {
  if (!isPlainObject(value)) {
    place.report('roles are an object: a name, and the list of its permissions');
    return [];
  }
  for (const [role, held] of Object.entries(value)) {
    if (isInherited(role)) place.report(`"${role}" cannot be the name of a role: every object has it`);
    if (/\s/.test(role)) place.report(`"${role}" cannot be the name of a role: it has a blank, which parts two roles`);
    if (!Array.isArray(held)) {
      place.at(role).report(`${show(held)} is no list of permissions`);
      continue;
    }
    for (const permission of held.filter((permission) => !permissions.includes(permission as string)))
      place.at(role).report(`permission ${show(permission)} is not declared${orMeant(permission, permissions)}`);
  }
  return Object.keys(value);
}

function checkRecords(place: Place, value: unknown): Readonly<Record<string, RecordType>> {
  if (!isPlainObject(value)) {
    place.report('records are an object: the name of a type, and its fields');
    return {};
  }
  const usable = Object.entries(value).filter(([type, declaration]) => checkRecord(place, type, declaration));
  return Object.fromEntries(usable) as Record<string, RecordType>; // What is no declaration was left out.
}

/** Reports what is wrong with a type of record. Rules on it are checked where it has fields. */
function checkRecord(records: Place, type: string, value: unknown): boolean {
  const place = records.at(type);
  if (!typePattern.test(type) || isInherited(type))
    records.report(`"${type}" cannot be the name of a type: write letters and digits, such as OrderLine`);
  if (!isPlainObject(value) || !isPlainObject(value['fields'])) {
    place.report('a type of record is an object with "fields"');
    return false;
  }
  refuseUnknownMembers(place, value, ['fields', 'actions']);
  refuseUndefinedMembers(place, value);
  checkFields(place.at('fields'), value['fields']);
  const actions = value['actions'] ?? [];
  if (!Array.isArray(actions)) {
    place.at('actions').report(`${show(actions)} is no list of actions`);
    return false;
  }
  checkActions(place.at('actions'), actions);
  return true;
}

function checkFields(place: Place, fields: Readonly<Record<string, unknown>>): void {
  if (Object.keys(fields).length === 0) place.report('a type of record has at least one field');
  for (const [field, type] of Object.entries(fields)) {
    if (!fieldPattern.test(field) || isInherited(field))
      place.report(`"${field}" cannot be a field: write letters, digits and _, and no name that every object has`);
    if (namesOfConditions.includes(field))
      place.report(`"${field}" cannot be a field: conditions mean something by it`);
    if (!fieldTypes.some((known) => known === type))
      place.at(field).report(`${show(type)} is no type of a field${orMeant(type, fieldTypes)}`);
  }
}

function checkActions(place: Place, actions: readonly unknown[]): void {
  for (const [index, action] of actions.entries()) {
    if (typeof action !== 'string' || !actionPattern.test(action) || isInherited(action))
      place.report(`${show(action)} cannot be an action: write letters, digits and -, such as refund`);
    else if (standardActions.some((standard) => standard === action))
      place.report(`"${action}" need not be declared: every type of record has it`);
    else if (actions.indexOf(action) !== index) place.report(`"${action}" is declared twice`);
  }
}

function refuseUndefinedMembers(place: Place, value: Readonly<Record<string, unknown>>): void {
  for (const [name, member] of Object.entries(value))
    if (member === undefined) place.at(name).report('is undefined: leave it out, or give it a value');
}

function isInherited(name: string): boolean {
  return name in Object.prototype;
}
