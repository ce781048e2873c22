import { fieldTypes } from '../definition/record-types.ts';
import type { PackedAccess } from './packed-form.ts';

const knownFieldTypes: ReadonlySet<unknown> = new Set(fieldTypes);

/**
 * Whether a value is what `pack()` of this version makes, all through: of half of it a page would fall over at its first question,
 * somewhere else.
 */
export function isPackedAccess(value: unknown): value is PackedAccess {
  return isMembers(value) && value['version'] === 1 && isMembers(value['types']) && all(value['types'], isPackedType);
}

function isPackedType(value: unknown): boolean {
  if (!isMembers(value)) return false;
  const { fields, actions, rules } = value;
  const areFields = isMembers(fields) && all(fields, (type) => knownFieldTypes.has(type));
  return areFields && isList(actions, isText) && isList(rules, isPackedRule);
}

function isPackedRule(value: unknown): boolean {
  if (!isMembers(value)) return false;
  const { index, effect, reason, actions, fields, when, after, textForUser } = value;
  return (
    Number.isInteger(index) &&
    (effect === 'allow' || effect === 'deny') &&
    isText(reason) &&
    isList(actions, isText) &&
    (fields === undefined || isList(fields, isText)) &&
    (when === undefined || isTest(when)) &&
    (after === undefined || isTest(after)) &&
    (textForUser === undefined || isText(textForUser))
  );
}

function isTest(value: unknown): boolean {
  if (!isMembers(value)) return false;
  const { op, of, field } = value;
  switch (op) {
    case 'and':
    case 'or':
      return isList(of, isTest);
    case 'eq':
    case 'ne':
      return isText(field) && isScalar(value['value']);
    case 'in':
    case 'nin':
      return isText(field) && isList(value['values'], isScalar);
    case 'exists':
    case 'missing':
      return isText(field);
    default:
      return false;
  }
}

function isScalar(value: unknown): boolean {
  return isText(value) || typeof value === 'number' || typeof value === 'boolean';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isList(value: unknown, isMember: (member: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isMember);
}

function all(members: Readonly<Record<string, unknown>>, isMember: (member: unknown) => boolean): boolean {
  return Object.values(members).every(isMember);
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
