import { OptionsError } from '@sallyport/core/browser';
import { isList, type FieldType } from '../definition/record-types.ts';
import { isAlways, isNever, type FieldTypes, type Scalar, type Test } from './test.ts';

/** How records are stored in an SQL database. */
export interface SqlOptions {
  readonly dialect: 'sqlite' | 'postgres';
  /**
   * SQL of a field's column, such as `product."vendorId"`. It becomes a part of the statement: never make it from a request.
   *
   * @default the name in double quotes
   */
  readonly column?: (field: string) => string;
  /** Number of the first placeholder, in PostgreSQL. @default 1 */
  readonly firstParameter?: number;
  /** How lists are stored in PostgreSQL: as `text[]` or `numeric[]`, or as `jsonb`. In SQLite they are JSON in text. @default 'array' */
  readonly lists?: 'array' | 'jsonb';
}

/** A condition for a WHERE clause, in parentheses. Values are parameters; none is in the text. */
export interface SqlFilter {
  readonly text: string;
  readonly parameters: readonly Scalar[];
}

const columnsOfJsonEach = /^"?(?:key|value|type|atom|id|parent|fullkey|path|json|root)"?$/i;

/** What is the same throughout one statement. */
interface Statement {
  readonly options: SqlOptions;
  readonly types: FieldTypes;
  readonly parameters: Scalar[];
}

/**
 * Writes a test as SQL. Each part is true or false, never NULL: in a `NOT`, an `OR` or a `CASE` around it, NULL would let
 * records through that the check refuses.
 *
 * @throws OptionsError for a dialect that is not known.
 */
export function toSqlFilter(test: Test, types: FieldTypes, options: SqlOptions): SqlFilter {
  const dialect: unknown = options.dialect;
  if (dialect !== 'sqlite' && dialect !== 'postgres')
    throw new OptionsError(`dialect ${String(dialect)} is not known: write sqlite or postgres`);
  const parameters: Scalar[] = [];
  return { text: write(test, { options, types, parameters }), parameters };
}

function write(test: Test, statement: Statement): string {
  if (isAlways(test)) return '(1 = 1)';
  if (isNever(test)) return '(1 = 0)';
  if ('of' in test)
    return `(${test.of.map((part) => write(part, statement)).join(test.op === 'and' ? ' AND ' : ' OR ')})`;
  const { field } = test;
  const column = (statement.options.column ?? quote)(field);
  switch (test.op) {
    case 'exists':
      return `(${column} IS NOT NULL)`;
    case 'missing':
      return `(${column} IS NULL)`;
    case 'eq':
    case 'ne': {
      if (isList(statement.types[field]))
        return writeListTest(test.op === 'eq', column, [test.value], field, statement);
      const parameter = bind(test.value, statement);
      if (test.op === 'eq') return `(${column} IS NOT NULL AND ${column} = ${parameter})`;
      return `(${column} IS NULL OR ${column} <> ${parameter})`;
    }
    case 'in':
    case 'nin': {
      if (isList(statement.types[field])) return writeListTest(test.op === 'in', column, test.values, field, statement);
      const parameters = test.values.map((value) => bind(value, statement)).join(', ');
      if (test.op === 'in') return `(${column} IS NOT NULL AND ${column} IN (${parameters}))`;
      return `(${column} IS NULL OR ${column} NOT IN (${parameters}))`;
    }
  }
}

/** A list that is NULL holds nothing, and neither does a NULL in a list. */
function writeListTest(
  isHeld: boolean,
  column: string,
  values: readonly Scalar[],
  field: string,
  statement: Statement,
): string {
  const type = statement.types[field];
  const held = values.map((value) => writeHeld(column, bind(value, statement), type, statement.options)).join(' OR ');
  return isHeld ? `(${held})` : `(NOT (${held}))`;
}

function writeHeld(column: string, parameter: string, type: FieldType | undefined, options: SqlOptions): string {
  if (options.dialect === 'sqlite') {
    refuseHiddenColumn(column);
    return `EXISTS (SELECT 1 FROM json_each(${column}) AS element WHERE element.value = ${parameter})`;
  }
  if (options.lists === 'jsonb')
    return `COALESCE(${column} @> to_jsonb(${parameter}::${type === 'number[]' ? 'numeric' : 'text'}), FALSE)`;
  return `COALESCE(${parameter} = ANY(${column}), FALSE)`;
}

/** SQLite takes a bare "type" for the column of json_each, not for that of the table, and finds nothing. */
function refuseHiddenColumn(column: string): void {
  if (!columnsOfJsonEach.test(column)) return;
  throw new OptionsError(
    `column ${column} has the name of one of json_each: give "column" the table too, as in product.${column}`,
  );
}

function bind(value: Scalar, { options, parameters }: Statement): string {
  if (options.dialect === 'sqlite') {
    // SQLite has no boolean, and its drivers refuse to bind one.
    parameters.push(typeof value === 'boolean' ? Number(value) : value);
    return '?';
  }
  parameters.push(value);
  return `$${(options.firstParameter ?? 1) + parameters.length - 1}`;
}

/** A declared field has letters, digits and _ in its name: nothing that would end the quotes. */
function quote(field: string): string {
  return `"${field}"`;
}
