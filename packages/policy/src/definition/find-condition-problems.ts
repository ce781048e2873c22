import { isStorable } from '../conditions/storable-text.ts';
import { isPlainObject } from './plain-data.ts';
import { orMeant, show, type Place } from './problems.ts';
import { isList, type FieldType, type RecordType } from './record-types.ts';

/** What a condition can name. */
export interface ConditionNames {
  readonly roles: readonly string[];
  readonly organizationRoles: readonly string[];
  readonly fields: RecordType['fields'];
}

const operators = ['eq', 'ne', 'in', 'exists'] as const;
const singleValues = ['id', 'org', 'kind'] as const;
const listValues = ['roles', 'orgRoles'] as const;
const kinds = ['anonymous', 'user', 'service'] as const;
const scalarTypes: readonly string[] = ['string', 'number', 'boolean'];
/** Deeper than any condition that can be read. */
const maxDepth = 16;

/** Reports what is wrong with a condition: nothing in it may be taken for something else, or for nothing. */
export function findConditionProblems(place: Place, condition: unknown, names: ConditionNames, depth = 0): void {
  if (!isPlainObject(condition)) {
    place.report(`${show(condition)} is no condition: write { field: { eq: value } }`);
    return;
  }
  if (depth > maxDepth) {
    place.report(`is nested more than ${maxDepth} levels deep`);
    return;
  }
  const known = [...Object.keys(names.fields), 'and', 'or', 'subject'];
  for (const [name, value] of Object.entries(condition)) {
    const inside = place.at(name);
    const type = Object.hasOwn(names.fields, name) ? names.fields[name] : undefined;
    if (name === 'and' || name === 'or') checkBranches(inside, value, names, depth);
    else if (name === 'subject') checkSubject(inside, value, names);
    else if (type === undefined) place.report(`"${name}" is no field of the type${orMeant(name, known)}`);
    else checkTests(inside, value, type);
  }
}

function checkBranches(place: Place, branches: unknown, names: ConditionNames, depth: number): void {
  if (!Array.isArray(branches) || branches.length === 0) {
    place.report(`${Array.isArray(branches) ? 'an empty list' : show(branches)} is no list of conditions`);
    return;
  }
  for (const [index, branch] of branches.entries()) findConditionProblems(place.at(index), branch, names, depth + 1);
}

function checkTests(place: Place, tests: unknown, type: FieldType): void {
  if (!isObjectOfTests(place, tests)) return;
  const allowed = type === 'date' || type === 'json' ? (['exists'] as const) : operators;
  for (const [operator, value] of Object.entries(tests)) {
    const inside = place.at(operator);
    if (!allowed.some((known) => known === operator))
      place.report(
        operators.some((known) => known === operator)
          ? `"${operator}" cannot test a field of type ${type}: databases disagree on when two are equal. Use exists`
          : `"${operator}" is no operator${orMeant(operator, allowed)}`,
      );
    else if (operator === 'exists') checkBoolean(inside, value);
    else if (operator === 'in') checkValues(inside, value, type);
    else checkValue(inside, value, type);
  }
}

function isObjectOfTests(place: Place, tests: unknown): tests is Readonly<Record<string, unknown>> {
  if (isPlainObject(tests) && Object.keys(tests).length > 0) return true;
  place.report(
    isPlainObject(tests)
      ? `tests nothing${orMeant(undefined, operators)}`
      : `${show(tests)} is no test: write { eq: ${typeof tests === 'string' ? show(tests) : '…'} }, or { exists: false } for none`,
  );
  return false;
}

function checkBoolean(place: Place, value: unknown): void {
  if (typeof value !== 'boolean') place.report(`${show(value)} is neither true nor false`);
}

function checkValues(place: Place, values: unknown, type: FieldType): void {
  if (isPlainObject(values)) {
    checkReference(place, values, type, listValues, 'is one value of the caller: compare it with eq or ne');
    return;
  }
  if (!Array.isArray(values) || values.length === 0) {
    place.report(
      `${Array.isArray(values) ? 'an empty list' : show(values)} is no list of values: it would never match`,
    );
    return;
  }
  for (const [index, value] of values.entries()) checkLiteral(place.at(index), value, type);
}

function checkValue(place: Place, value: unknown, type: FieldType): void {
  if (isPlainObject(value))
    checkReference(place, value, type, singleValues, 'is a list of the caller: compare with it by in');
  else checkLiteral(place, value, type);
}

function checkReference(
  place: Place,
  reference: Readonly<Record<string, unknown>>,
  type: FieldType,
  allowed: readonly string[],
  hint: string,
): void {
  const { subject } = reference;
  const known: readonly unknown[] = [...singleValues, ...listValues];
  if (Object.keys(reference).length !== 1 || !known.includes(subject))
    place.report(`write a value, or { subject: '${allowed.join("' | '")}' } for one of the caller`);
  else if (!allowed.includes(subject as string)) place.report(`${show(subject)} ${hint}`);
  else if (elementTypeOf(type) !== 'string')
    place.report(`the caller's ${String(subject)} is text, and the field holds a ${elementTypeOf(type)}`);
}

function checkLiteral(place: Place, value: unknown, type: FieldType): void {
  const wanted = elementTypeOf(type);
  if (value === undefined) place.report('is undefined, which would match what is missing: give it a value');
  else if (value === null) place.report('is null: write { exists: false } for null or missing');
  else if (!scalarTypes.includes(typeof value))
    place.report(`${show(value)} cannot be compared: write text, a number, true or false`);
  else if (typeof value !== wanted)
    place.report(`${show(value)} is no ${wanted}, and the field holds ${isList(type) ? `${wanted}s` : `a ${wanted}`}`);
  else if (typeof value === 'number' && !Number.isFinite(value))
    place.report(`${value} is no number that a database knows`);
  else if (typeof value === 'string' && !isStorable(value))
    place.report('holds a character that databases cannot store');
}

function checkSubject(place: Place, tests: unknown, { roles, organizationRoles }: ConditionNames): void {
  if (!isPlainObject(tests) || Object.keys(tests).length === 0) {
    place.report(`write { subject: { org: { exists: true } } } to test a value of the caller`);
    return;
  }
  const known: Readonly<Record<string, readonly string[] | undefined>> = {
    id: undefined,
    org: undefined,
    kind: kinds,
    roles,
    orgRoles: organizationRoles,
  };
  for (const [name, test] of Object.entries(tests)) {
    const inside = place.at(name);
    if (!Object.hasOwn(known, name))
      place.report(`"${name}" is no value of a caller${orMeant(name, Object.keys(known))}`);
    else if (isObjectOfTests(inside, test)) checkSubjectTests(inside, name, test, known[name]);
  }
}

function checkSubjectTests(
  place: Place,
  name: string,
  tests: Readonly<Record<string, unknown>>,
  known: readonly string[] | undefined,
): void {
  const allowed = known === undefined ? operators : (['eq', 'ne', 'in'] as const);
  for (const [operator, value] of Object.entries(tests)) {
    const inside = place.at(operator);
    const values: unknown = operator === 'in' ? value : [value];
    if (!allowed.some((each) => each === operator))
      place.report(`"${operator}" is no operator for the caller's ${name}${orMeant(operator, allowed)}`);
    else if (operator === 'exists') checkBoolean(inside, value);
    else if (!Array.isArray(values) || values.length === 0)
      inside.report(`${Array.isArray(values) ? 'an empty list' : show(values)} is no list of values`);
    else for (const each of values) checkSubjectValue(inside, each, known);
  }
}

function checkSubjectValue(place: Place, value: unknown, known: readonly string[] | undefined): void {
  if (known === undefined) checkLiteral(place, value, 'string');
  else if (!known.includes(value as string)) place.report(`${show(value)} is not declared${orMeant(value, known)}`);
}

function elementTypeOf(type: FieldType): string {
  return type.replace('[]', '');
}
