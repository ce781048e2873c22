import type { RecordFilter, Records } from '@sallyport/core';
import { getAuthTables } from 'better-auth/db';
import type { BetterAuthOptions } from 'better-auth';
import { createBatchedReads, type KeyedRead, type KeyedRow } from './batched-reads.ts';
import type { SqlConnections } from './database-handle.ts';

/** The queries of every request, straight in SQL. `undefined` for one that is left to the adapter of Better Auth. */
export interface DirectRows {
  findOne(query: Parameters<Records['findOne']>[0]): Promise<KeyedRow | null> | undefined;
  findMany(query: Parameters<Records['findMany']>[0]): Promise<KeyedRow[]> | undefined;
  updateMany(query: Parameters<Records['updateMany']>[0]): Promise<number> | undefined;
}

/** A table whose columns hold texts, numbers, booleans and times, as they are. */
interface PlainTable {
  readonly name: string;
  /** The columns by the names of the fields. */
  readonly columns: ReadonlyMap<string, string>;
  /** The fields that hold texts: rows are found by them. */
  readonly textFields: ReadonlySet<string>;
  /** All of them, for a statement that reads rows. */
  readonly selected: string;
  /** Whether an update writes what it is given, and nothing of its own accord. */
  readonly isUpdatedAsGiven: boolean;
}

type Field = ReturnType<typeof getAuthTables>[string]['fields'][string];

const plainTypes: ReadonlySet<unknown> = new Set(['string', 'number', 'boolean', 'date']);

const comparisons: Readonly<Record<string, string>> = { eq: '=', ne: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' };

/**
 * Builds the queries of every request on a PostgreSQL: rows by one column, and conditional updates. They say the same as
 * through Better Auth's adapter, which makes each query anew from its schema and costs several times as much of the event
 * loop as the query itself. Call them outside a transaction only: its connection is another one.
 */
export function createDirectRows(pool: SqlConnections, schema: BetterAuthOptions): DirectRows {
  const tables = plainTablesOf(schema);
  const send = async <Row>(sql: string, parameters: readonly unknown[]) => {
    const connection = await pool.connect();
    try {
      return await connection.query<Row>(sql, parameters);
    } finally {
      connection.release();
    }
  };
  const read = createBatchedReads(async ({ model, field, values, limit }) => {
    const { name, columns, selected } = requireTable(tables, model);
    const condition = `${columns.get(field)} ${values.length === 1 ? '= $1' : '= ANY($1)'}`;
    const sql = `SELECT ${selected} FROM ${name} WHERE ${condition}${limit === undefined ? '' : ` LIMIT ${limit}`}`;
    return (await send<KeyedRow>(sql, [values.length === 1 ? values[0] : values])).rows;
  });

  return {
    findOne({ model, where }) {
      const keyed = toKeyedRead(tables, { model, where, limit: 1 });
      return keyed === undefined ? undefined : firstOf(read(keyed));
    },
    findMany({ model, where = [], limit, offset, sortBy }) {
      if (offset !== undefined || sortBy !== undefined) return undefined;
      const keyed = toKeyedRead(tables, { model, where, limit });
      return keyed === undefined ? undefined : copyOf(read(keyed));
    },
    updateMany({ model, where, update }) {
      const table = tables.get(model);
      if (table === undefined || !table.isUpdatedAsGiven) return undefined;
      const statement = toUpdate(table, where, update);
      return statement === undefined ? undefined : countOf(send(statement.sql, statement.parameters));
    },
  };
}

function plainTablesOf(schema: BetterAuthOptions): ReadonlyMap<string, PlainTable> {
  const tables = new Map<string, PlainTable>();
  for (const [model, { modelName, fields }] of Object.entries(getAuthTables(schema))) {
    if (!Object.values(fields).every(isPlain)) continue;
    const columns = new Map([['id', quoted('id')]]);
    for (const [field, { fieldName = field }] of Object.entries(fields)) columns.set(field, quoted(fieldName));
    const selected = [...columns].map(([field, column]) => `${column} AS ${quoted(field)}`).join(', ');
    const textFields = new Set(['id', ...Object.keys(fields).filter((field) => fields[field]?.type === 'string')]);
    const isUpdatedAsGiven = Object.values(fields).every(({ onUpdate, transform }) => !onUpdate && !transform?.input);
    tables.set(model, { name: quoted(modelName), columns, textFields, selected, isUpdatedAsGiven });
  }
  return tables;
}

function isPlain({ type, bigint, transform }: Field): boolean {
  return plainTypes.has(type) && bigint !== true && transform?.output === undefined;
}

function requireTable(tables: ReadonlyMap<string, PlainTable>, model: string): PlainTable {
  const table = tables.get(model);
  if (table === undefined) throw new TypeError(`there is no plain table ${model}`);
  return table;
}

/** Of queries with one condition, on a column of texts. */
function toKeyedRead(
  tables: ReadonlyMap<string, PlainTable>,
  {
    model,
    where,
    limit,
  }: { readonly model: string; readonly where: readonly RecordFilter[]; readonly limit?: number | undefined },
): KeyedRead | undefined {
  const [filter, ...more] = where;
  if (filter === undefined || more.length > 0 || tables.get(model)?.textFields.has(filter.field) !== true)
    return undefined;
  const { field, value, operator = 'eq' } = filter;
  if (operator === 'eq' && typeof value === 'string') return { model, field, values: [value], limit };
  if (operator === 'in' && isTexts(value)) return { model, field, values: value, limit };
  return undefined;
}

function toUpdate(
  { name, columns }: PlainTable,
  where: readonly RecordFilter[],
  update: Readonly<Record<string, unknown>>,
): { readonly sql: string; readonly parameters: readonly unknown[] } | undefined {
  const parameters: unknown[] = [];
  const parameterOf = (value: unknown): string => `$${parameters.push(value)}`;
  const changed = Object.entries(update).filter(([, value]) => value !== undefined);
  if (changed.length === 0 || !changed.every(([field]) => columns.has(field))) return undefined;
  const assignments = changed.map(([field, value]) => `${columns.get(field)} = ${parameterOf(value)}`);
  const conditions = where.map((filter) => conditionOf(filter, columns.get(filter.field), parameterOf));
  if (conditions.length === 0 || conditions.includes(undefined)) return undefined;
  return { sql: `UPDATE ${name} SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')}`, parameters };
}

function conditionOf(
  { value, operator = 'eq' }: RecordFilter,
  column: string | undefined,
  parameterOf: (value: unknown) => string,
): string | undefined {
  const comparison = comparisons[operator];
  if (column === undefined) return undefined;
  if (value === null) {
    if (operator === 'eq') return `${column} IS NULL`;
    return operator === 'ne' ? `${column} IS NOT NULL` : undefined;
  }
  if (operator === 'in' && isTexts(value)) return `${column} = ANY(${parameterOf(value)})`;
  return comparison === undefined || Array.isArray(value) ? undefined : `${column} ${comparison} ${parameterOf(value)}`;
}

function isTexts(value: RecordFilter['value']): value is string[] {
  return Array.isArray(value) && value.length > 0 && typeof value[0] === 'string';
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

async function firstOf(rows: Promise<readonly KeyedRow[]>): Promise<KeyedRow | null> {
  return (await rows)[0] ?? null;
}

async function copyOf(rows: Promise<readonly KeyedRow[]>): Promise<KeyedRow[]> {
  return [...(await rows)];
}

async function countOf(result: Promise<{ readonly rowCount: number }>): Promise<number> {
  return (await result).rowCount;
}
