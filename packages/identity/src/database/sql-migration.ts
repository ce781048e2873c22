import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { getMigrations } from 'better-auth/db/migration';
import { Kysely, PostgresDialect } from 'kysely';
import { isStoreFault } from '@sallyport/core';
import type { PostgresHandle, SqlConnection, SqliteHandle } from './database-handle.ts';
import type { IdentitySchema } from './identity-schema.ts';
import { refuseProblems, type MigrationPlan, type PlannedIndex } from './migration-plan.ts';
import { toPostgresPool } from './postgres-pool.ts';

type Migrations = Awaited<ReturnType<typeof getMigrations>>;

const lockWaitMilliseconds = 60_000;
const sqliteLockWaitMilliseconds = 15_000;
const sqliteLockRetryMilliseconds = 25;

/** Any number that nothing else in the database uses; the second half of the lock is the schema. */
const lockClass = 1_396_788_292;

/** Reads what a SQLite database lacks. Writes nothing. */
export async function planSqlite({ database }: SqliteHandle, schema: IdentitySchema): Promise<MigrationPlan> {
  return toPlan('sqlite', await readMigrations({ ...schema, database }));
}

/** Makes what a SQLite database lacks. The write lock is taken before the tables are looked at, so that the second process sees what the first one made. */
export async function migrateSqlite({ database }: SqliteHandle, schema: IdentitySchema): Promise<MigrationPlan> {
  await beginWriting(database);
  try {
    const plan = await run('sqlite', await readMigrations({ ...schema, database }));
    database.exec('COMMIT');
    return plan;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Reads what a PostgreSQL lacks, in a transaction that cannot write. */
export function planPostgres(handle: PostgresHandle, schema: IdentitySchema): Promise<MigrationPlan> {
  return inTransaction(handle, 'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY', 'ROLLBACK', async (connection) =>
    toPlan('postgres', await readMigrations({ ...schema, database: toDatabase(connection) })),
  );
}

/**
 * Makes what a PostgreSQL lacks, in one transaction that holds an advisory lock: of processes that start together one
 * makes the tables, and the others find them made. A process that is killed leaves nothing behind.
 */
export function migratePostgres(handle: PostgresHandle, schema: IdentitySchema): Promise<MigrationPlan> {
  return inTransaction(handle, 'BEGIN ISOLATION LEVEL READ COMMITTED', 'COMMIT', async (connection) => {
    // Of the transaction, not of the session: a pooler may give the session to others.
    await connection.query('SET LOCAL statement_timeout = 0');
    await connection.query(`SET LOCAL lock_timeout = ${lockWaitMilliseconds}`);
    await connection.query('SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))', [lockClass]);
    return run('postgres', await readMigrations({ ...schema, database: toDatabase(connection) }));
  });
}

async function inTransaction(
  { dedicated }: PostgresHandle,
  begin: string,
  end: string,
  work: (connection: SqlConnection) => Promise<MigrationPlan>,
): Promise<MigrationPlan> {
  const connection = await dedicated.connect();
  try {
    await connection.query(begin);
    const plan = await work(connection);
    await connection.query(end);
    return plan;
  } finally {
    // The connection ends here, and with it a transaction that failed.
    connection.release(true);
  }
}

function toDatabase(connection: SqlConnection) {
  const pool = { connect: async () => ({ ...connection, release: () => {} }), end: async () => {}, options: {} };
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: toPostgresPool(pool) }) });
  return { db, type: 'postgres' } as const;
}

function readMigrations(config: Parameters<typeof getMigrations>[0]): Promise<Migrations> {
  return getMigrations(config, { throwOnUnsafe: false });
}

async function run(database: 'sqlite' | 'postgres', migrations: Migrations): Promise<MigrationPlan> {
  const plan = await toPlan(database, migrations);
  refuseProblems(plan);
  await migrations.runMigrations();
  return plan;
}

async function toPlan(database: 'sqlite' | 'postgres', migrations: Migrations): Promise<MigrationPlan> {
  const { toBeCreated, toBeAdded, toBeAddedIndexes, unsafeChanges, compileMigrations } = migrations;
  const statements = (await compileMigrations())
    .split(';\n\n')
    .map((statement) => statement.replace(/;$/, ''))
    .filter((statement) => statement !== '');
  return {
    database,
    tables: toBeCreated.map(({ table }) => table),
    columns: toBeAdded.flatMap(({ table, fields }) => Object.keys(fields).map((column) => ({ table, column }))),
    indexes: [
      ...[...toBeCreated, ...toBeAdded].flatMap(fieldIndexesOf),
      ...toBeAddedIndexes.map(({ table, index }) => ({
        table,
        columns: index.columns,
        unique: index.unique ?? false,
      })),
    ],
    statements,
    problems: unsafeChanges,
  };
}

function fieldIndexesOf({ table, fields }: Migrations['toBeCreated'][number]): PlannedIndex[] {
  return Object.entries(fields)
    .filter(([, { unique, index }]) => unique === true || index === true)
    .map(([column, { unique = false }]) => ({ table, columns: [column], unique }));
}

async function beginWriting(database: DatabaseSync): Promise<void> {
  const deadline = performance.now() + sqliteLockWaitMilliseconds;
  for (;;) {
    try {
      database.exec('BEGIN IMMEDIATE');
      return;
    } catch (cause) {
      if (!isStoreFault(cause) || performance.now() > deadline) throw cause;
      await delay(sqliteLockRetryMilliseconds);
    }
  }
}
