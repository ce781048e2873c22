import { randomUUID } from 'node:crypto';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { RecordColumn, RecordFilter, Records, RecordTable } from '@sallyport/core';

const operators = { eq: '=', ne: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=', in: 'IN', not_in: 'NOT IN' } as const;

const columnTypes = { string: 'TEXT', date: 'TEXT', number: 'INTEGER', boolean: 'INTEGER' } as const;

/** How many rows `findMany` gives back without a limit; as in Better Auth's adapter, so that a forgotten limit shows. */
const defaultLimit = 100;

/**
 * Builds records on SQLite for tests of stores: the tables are made when they are absent. Rows look as Better Auth's
 * adapter leaves them, with times as ISO 8601 text.
 */
export function createSqliteRecords(database: DatabaseSync, tables: readonly RecordTable[]): Records {
  const tablesByModel = new Map(tables.map((table) => [table.model, table]));
  for (const table of tables) for (const statement of schemaOf(table)) database.exec(statement);

  const requireTable = (model: string): RecordTable => {
    const table = tablesByModel.get(model);
    if (table === undefined) throw new TypeError(`there is no table for the model ${model}`);
    return table;
  };

  return {
    create: async <T>(query: Parameters<Records['create']>[0]) => {
      const table = requireTable(query.model);
      const data: Record<string, unknown> = { ...query.data, id: randomUUID() };
      const names = Object.keys(data);
      const values = names.map((name) => toStored(data[name]));
      const row = database
        .prepare(`INSERT INTO "${query.model}" (${quoted(names)}) VALUES (${names.map(() => '?').join()}) RETURNING *`)
        .get(...values);
      return toRow(table, row ?? {}) as T;
    },
    findOne: async <T>(query: Parameters<Records['findOne']>[0]) => {
      const table = requireTable(query.model);
      const { text, values } = toCondition(query.where);
      const row = database.prepare(`SELECT * FROM "${query.model}"${text} LIMIT 1`).get(...values);
      return row === undefined ? null : (toRow(table, row) as T);
    },
    findMany: async <T>(query: Parameters<Records['findMany']>[0]) => {
      const table = requireTable(query.model);
      const { text, values } = toCondition(query.where ?? []);
      const order = query.sortBy === undefined ? '' : ` ORDER BY "${query.sortBy.field}" ${query.sortBy.direction}`;
      const rows = database
        .prepare(`SELECT * FROM "${query.model}"${text}${order} LIMIT ? OFFSET ?`)
        .all(...values, query.limit ?? defaultLimit, query.offset ?? 0);
      return rows.map((row) => toRow(table, row) as T);
    },
    updateMany: async (query) => {
      requireTable(query.model);
      const names = Object.keys(query.update);
      const { text, values } = toCondition(query.where);
      const { changes } = database
        .prepare(`UPDATE "${query.model}" SET ${names.map((name) => `"${name}" = ?`).join()}${text}`)
        .run(...names.map((name) => toStored(query.update[name])), ...values);
      return Number(changes);
    },
    deleteMany: async (query) => {
      requireTable(query.model);
      const { text, values } = toCondition(query.where);
      return Number(database.prepare(`DELETE FROM "${query.model}"${text}`).run(...values).changes);
    },
    count: async (query) => {
      requireTable(query.model);
      const { text, values } = toCondition(query.where ?? []);
      const row = database.prepare(`SELECT count(*) AS "count" FROM "${query.model}"${text}`).get(...values);
      return Number(row?.['count']);
    },
  };
}

function schemaOf({ model, columns }: RecordTable): readonly string[] {
  const named = Object.entries<RecordColumn>(columns);
  const definitions = named.map(
    ([name, { type, required, unique }]) =>
      `"${name}" ${columnTypes[type]}${required ? ' NOT NULL' : ''}${unique === true ? ' UNIQUE' : ''}`,
  );
  const indexes = named.filter(([, { index }]) => index === true);
  return [
    `CREATE TABLE IF NOT EXISTS "${model}" (id TEXT PRIMARY KEY, ${definitions.join()})`,
    ...indexes.map(([name]) => `CREATE INDEX IF NOT EXISTS "${model}_${name}" ON "${model}" ("${name}")`),
  ];
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join();
}

function toCondition(where: readonly RecordFilter[]): { readonly text: string; readonly values: SQLInputValue[] } {
  const values: SQLInputValue[] = [];
  const parts = where.map(({ field, value, operator = 'eq' }) => {
    if (value === null) return `"${field}" IS ${operator === 'ne' ? 'NOT ' : ''}NULL`;
    if (operator === 'contains' || operator === 'starts_with') {
      values.push(String(value));
      return `INSTR("${field}", ?) ${operator === 'contains' ? '> 0' : '= 1'}`;
    }
    if (!Array.isArray(value)) {
      values.push(toStored(value));
      return `"${field}" ${operators[operator]} ?`;
    }
    values.push(...value);
    return `"${field}" ${operators[operator]} (${value.map(() => '?').join()})`;
  });
  return { text: parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`, values };
}

function toStored(value: unknown): SQLInputValue {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  throw new TypeError('a column holds text, a number, a boolean or a time');
}

function toRow(table: RecordTable, stored: Record<string, unknown>): Record<string, unknown> {
  const row: Record<string, unknown> = { id: stored['id'] };
  for (const [name, { type }] of Object.entries<RecordColumn>(table.columns)) {
    const value = stored[name];
    if (type === 'date' && typeof value === 'string') row[name] = new Date(value);
    else if (type === 'boolean' && typeof value === 'number') row[name] = value === 1;
    else row[name] = value;
  }
  return row;
}
