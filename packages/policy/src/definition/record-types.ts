/** Every kind of value that a field of a record can hold. */
export const fieldTypes = ['string', 'number', 'boolean', 'date', 'json', 'string[]', 'number[]'] as const;

/**
 * What a field of a record holds. Each may be null or missing. `date` and `json` are tested with `exists` alone:
 * databases disagree on when two dates or documents are equal.
 */
export type FieldType = (typeof fieldTypes)[number];

/** A type of record: its fields, and the actions that it knows beside `create`, `read`, `update` and `delete`. */
export interface RecordType {
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly actions?: readonly string[];
}

/** The actions of every type of record. */
export const standardActions = ['create', 'read', 'update', 'delete'] as const;

/** Actions after which there is no other record to look at. */
export const actionsWithoutAfter: readonly string[] = ['read', 'delete'];

/** Lists all actions of a type of record. */
export function actionsOf({ actions = [] }: RecordType): readonly string[] {
  return [...standardActions, ...actions];
}

/** Says whether a field holds a list, so that `eq` and `in` look at its elements. */
export function isList(type: FieldType | undefined): boolean {
  return type === 'string[]' || type === 'number[]';
}

/**
 * Says whether a field of a type can hold a value. A database may make something else of what is of another type: of the
 * text 'true' a true, which no comparison with true has seen.
 */
export function canHold(type: FieldType | undefined, value: unknown): boolean {
  if (value === null || value === undefined || type === undefined || type === 'date' || type === 'json') return true;
  if (!isList(type)) return typeof value === type;
  const wanted = type.replace('[]', '');
  return Array.isArray(value) && value.every((element) => element === null || typeof element === wanted);
}
