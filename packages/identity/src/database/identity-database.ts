import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { kyselyAdapter } from '@better-auth/kysely-adapter';
import { NodeSqliteDialect } from '@better-auth/kysely-adapter/node-sqlite-dialect';
import { getCurrentAdapter, runWithTransaction } from '@better-auth/core/context';
import type { DBAdapter } from '@better-auth/core/db/adapter';
import { getMigrations } from 'better-auth/db/migration';
import { Kysely } from 'kysely';
import { isStoreFault, toStoreError, silentLogger, type Logger, type Records, type RecordTable } from '@sallyport/core';
import { identitySchema, type IdentitySchema } from './identity-schema.ts';

export interface IdentityDatabaseOptions {
  /** An open database. Its owner closes it. */
  readonly database: DatabaseSync;
  /** The tables that others keep in this database: sessions and keys. */
  readonly tables: readonly RecordTable[];
  readonly logger?: Logger;
}

/** The database of accounts, roles and events, and of the tables that the stores keep in it. */
export interface IdentityDatabase {
  /** Rows of our own tables. Inside `transaction` they join it. */
  readonly records: Records;
  /** Runs work in one transaction: all of it is durable, or none. Never call a session store in here. */
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  /** For the engine only. */
  readonly adapter: DBAdapter;
  /** For the engine only. */
  readonly schema: IdentitySchema;
}

const lockWaitMilliseconds = 15_000;
const lockRetryMilliseconds = 25;

/**
 * Opens the database of identity: makes what is missing of Better Auth's tables, of identity's own and of `tables`.
 *
 * Never drops or renames. Two starts at the same time do not collide: the second waits until the first is done.
 *
 * @returns the rows, or rejects with `SP_STORE_UNAVAILABLE` when the database stays locked or cannot be written.
 */
export async function openIdentityDatabase(options: IdentityDatabaseOptions): Promise<IdentityDatabase> {
  const { database, tables, logger = silentLogger } = options;
  const schema = identitySchema(tables);
  try {
    await migrate(database, schema, logger);
  } catch (cause) {
    throw toStoreError(cause);
  }
  const kysely = new Kysely<unknown>({ dialect: new NodeSqliteDialect({ database }) });
  const adapter = kyselyAdapter(kysely, { type: 'sqlite', transaction: true })(schema);
  return {
    records: toRecords(adapter),
    transaction: async (work) => {
      const result = await runWithTransaction(adapter, work);
      return result;
    },
    adapter,
    schema,
  };
}

async function migrate(database: DatabaseSync, schema: IdentitySchema, logger: Logger): Promise<void> {
  await beginWriting(database);
  try {
    const { toBeCreated, toBeAdded, runMigrations } = await getMigrations({ ...schema, database });
    await runMigrations();
    database.exec('COMMIT');
    if (toBeCreated.length + toBeAdded.length > 0)
      logger.info('identity tables were made', { created: toBeCreated.length, extended: toBeAdded.length });
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Takes the write lock before the tables are looked at, so that whoever comes second sees what the first one made. */
async function beginWriting(database: DatabaseSync): Promise<void> {
  const deadline = performance.now() + lockWaitMilliseconds;
  for (;;) {
    try {
      database.exec('BEGIN IMMEDIATE');
      return;
    } catch (cause) {
      if (!isStoreFault(cause) || performance.now() > deadline) throw cause;
      await delay(lockRetryMilliseconds);
    }
  }
}

function toRecords(adapter: DBAdapter): Records {
  // Within a transaction the connection belongs to it: rows reached past it would wait for it for ever.
  const current = () => getCurrentAdapter(adapter);
  const run = async <T>(work: (rows: Awaited<ReturnType<typeof current>>) => Promise<T>): Promise<T> => {
    try {
      return await work(await current());
    } catch (cause) {
      throw toStoreError(cause);
    }
  };
  return {
    create: <T>(query: Parameters<Records['create']>[0]) =>
      run((rows) => rows.create<Record<string, unknown>, T>(query)),
    findOne: (query) => run((rows) => rows.findOne(query)),
    findMany: (query) => run((rows) => rows.findMany(query)),
    updateMany: (query) => run((rows) => rows.updateMany(query)),
    deleteMany: (query) => run((rows) => rows.deleteMany(query)),
    count: (query) => run((rows) => rows.count(query)),
  };
}
