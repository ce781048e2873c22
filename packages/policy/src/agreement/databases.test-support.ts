import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { Query } from 'mingo';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';
import type { AccessFilter } from '../access/access-filter.ts';
import type { Row } from './reference.test-support.ts';

/** Something that holds the rows, and answers which of them a filter finds. */
export interface FilterEvaluator {
  find(filter: AccessFilter): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Each kind, and whether this machine has it. */
export const evaluators = {
  sqlite: { isThere: true, open: openSqlite },
  mingo: { isThere: true, open: openMingo },
  'postgres with arrays': {
    isThere: has('TEST_POSTGRES_URL'),
    open: (rows: readonly Row[]) => openPostgres(rows, 'array'),
  },
  'postgres with jsonb': {
    isThere: has('TEST_POSTGRES_URL'),
    open: (rows: readonly Row[]) => openPostgres(rows, 'jsonb'),
  },
  mongodb: { isThere: has('TEST_MONGODB_URL'), open: openMongo },
} as const;

function has(variable: string): boolean {
  return (env[variable] ?? '') !== '';
}

const columns = ['id', 'a', 'b', 'n', 'f', 'd', 'tags', 'nums'] as const;

async function openSqlite(rows: readonly Row[]): Promise<FilterEvaluator> {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE thing (id TEXT, a TEXT, b TEXT, n REAL, f INTEGER, d TEXT, tags TEXT, nums TEXT)');
  const insert = database.prepare('INSERT INTO thing VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  for (const row of rows) insert.run(...columns.map((column) => toSqliteValue(row[column])));
  return {
    find: async (filter) => {
      const { text, parameters } = filter.toSql({ dialect: 'sqlite' });
      const found = database.prepare(`SELECT id FROM thing WHERE ${text}`).all(...(parameters as (string | number)[]));
      // As a query that combines it does: what is not found by the condition is found by its opposite.
      const others = database
        .prepare(`SELECT id FROM thing WHERE NOT ${text}`)
        .all(...(parameters as (string | number)[]));
      if (found.length + others.length !== rows.length) throw new Error(`NULL comes out of ${text}`);
      return found.map(({ id }) => String(id));
    },
    close: async () => database.close(),
  };
}

function toSqliteValue(value: unknown): string | number | null {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return JSON.stringify(value);
  return typeof value === 'string' ? value : Number(value);
}

async function openPostgres(rows: readonly Row[], lists: 'array' | 'jsonb'): Promise<FilterEvaluator> {
  const client = new Client({ connectionString: env['TEST_POSTGRES_URL'] });
  await client.connect();
  const [ofTexts, ofNumbers] = lists === 'array' ? ['text[]', 'numeric[]'] : ['jsonb', 'jsonb'];
  await client.query(
    `CREATE TEMPORARY TABLE thing (id text, a text, b text, n numeric, f boolean, d timestamptz, tags ${ofTexts}, nums ${ofNumbers})`,
  );
  const toValue = (value: unknown): unknown =>
    lists === 'jsonb' && Array.isArray(value) ? JSON.stringify(value) : value;
  for (const row of rows)
    await client.query(
      'INSERT INTO thing VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
      columns.map((column) => toValue(row[column])),
    );
  return {
    find: async (filter) => {
      const { text, parameters } = filter.toSql({
        dialect: 'postgres',
        lists,
        firstParameter: 2,
        column: (name) => `t."${name}"`,
      });
      const found = await client.query<{ readonly id: string; readonly answer: boolean | null }>(
        `SELECT id, ${text} AS answer FROM thing t WHERE $1 = 'all'`,
        ['all', ...parameters],
      );
      if (found.rows.some(({ answer }) => answer === null)) throw new Error(`NULL comes out of ${text}`);
      return found.rows.filter(({ answer }) => answer).map(({ id }) => id);
    },
    close: () => client.end(),
  };
}

/** An evaluator of MongoDB's filters by other authors. */
async function openMingo(rows: readonly Row[]): Promise<FilterEvaluator> {
  return {
    find: async (filter) => {
      const query = new Query({ ...filter.toMongo() });
      return rows.filter((row) => query.test({ ...row })).map(({ id }) => String(id));
    },
    close: async () => undefined,
  };
}

async function openMongo(rows: readonly Row[]): Promise<FilterEvaluator> {
  const client = new MongoClient(env['TEST_MONGODB_URL'] ?? '');
  const database = client.db(`policy-${randomBytes(6).toString('hex')}`);
  const collection = database.collection<{ readonly _id: string }>('thing');
  await collection.insertMany(rows.map(({ id, ...row }) => ({ _id: String(id), ...row })));
  return {
    find: async (filter) => {
      const query = filter.toMongo({ path: (field) => (field === 'id' ? '_id' : field) });
      const found = await collection.find(query, { projection: { _id: 1 } }).toArray();
      return found.map(({ _id }) => _id);
    },
    close: async () => {
      await database.dropDatabase();
      await client.close();
    },
  };
}
