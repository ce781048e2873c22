import { setTimeout as delay } from 'node:timers/promises';
import { getCurrentAdapter, runWithTransaction } from '@better-auth/core/context';
import type { DBAdapter } from '@better-auth/core/db/adapter';
import {
  exponentialBackoff,
  isTransactionConflict,
  silentLogger,
  toStoreError,
  withJitter,
  type Logger,
  type Records,
  type RecordTable,
} from '@sallyport/core';
import { createDatabaseAdapter } from './database-adapter.ts';
import type { DatabaseHandle } from './database-handle.ts';
import { createDirectRows, type DirectRows } from './direct-rows.ts';
import { withoutEmptyLists } from './empty-lists.ts';
import { requireUsable } from './guarded-adapter.ts';
import { identitySchema, type IdentitySchema } from './identity-schema.ts';
import { migrate } from './migrate.ts';
import { readMongoAbilities, type DatabaseAbilities } from './mongo-migration.ts';

export interface IdentityDatabaseOptions {
  /** An open database. Its owner closes it. */
  readonly database: DatabaseHandle;
  /** The tables that others keep in this database: sessions and keys. */
  readonly tables: readonly RecordTable[];
  /** While it is `false` nothing is read or written, and every call rejects with `SP_STORE_UNAVAILABLE`. */
  readonly isUsable?: () => boolean;
  readonly logger?: Logger;
}

/** The database of accounts, roles and events, and of the tables that the stores keep in it. */
export interface IdentityDatabase {
  /** Rows of our own tables. Inside `transaction` they join it. */
  readonly records: Records;
  /**
   * Runs work in one transaction: all of it is durable, or none. Work that met another transaction runs again, so that it
   * must do nothing that cannot be done twice. On a database without transactions each write is durable at once.
   */
  readonly transaction: <T>(work: () => Promise<T>) => Promise<T>;
  /** `false` for a MongoDB that is no replica set: what reports a change must then be written before the change. */
  readonly hasTransactions: boolean;
  /**
   * `false` for FerretDB 1, where of two that compare and set at the same moment both may win: good for trying out, never
   * for production.
   */
  readonly hasAtomicUpdates: boolean;
  /** For the engine only. */
  readonly adapter: DBAdapter;
  /** For the engine only. */
  readonly schema: IdentitySchema;
}

const maximumAttempts = 8;
const pauses = { firstMilliseconds: 5, maxMilliseconds: 200 } as const;

/**
 * Opens the database of identity: makes what is missing of Better Auth's tables, of identity's own and of `tables`.
 *
 * Never drops or renames. Two starts at the same time do not collide: the second waits until the first is done.
 *
 * @returns the rows, or rejects with `SP_STORE_UNAVAILABLE` when the database does not answer, stays locked or cannot be
 *   written, or with an Error that says what to do when rows that are there stand in the way of the schema.
 */
export async function openIdentityDatabase(options: IdentityDatabaseOptions): Promise<IdentityDatabase> {
  const { database, tables, isUsable = () => true, logger = silentLogger } = options;
  const schema = identitySchema(tables);
  await migrate({ database, tables, logger });
  const { hasTransactions, hasAtomicUpdates } = await readDatabaseAbilities(database);
  const adapter = createDatabaseAdapter({ database, hasTransactions, isUsable })(schema);
  const direct = database.kind === 'postgres' ? createDirectRows(database.pool, schema) : undefined;
  return {
    records: toRecords(adapter, direct, isUsable),
    transaction: (work) => runTransaction(adapter, work),
    hasTransactions,
    hasAtomicUpdates,
    adapter,
    schema,
  };
}

/** Asks a database what it can do. Rejects with `SP_STORE_UNAVAILABLE`. */
export async function readDatabaseAbilities(database: DatabaseHandle): Promise<DatabaseAbilities> {
  if (database.kind !== 'mongodb') return { hasTransactions: true, hasAtomicUpdates: true };
  try {
    return await readMongoAbilities(database);
  } catch (cause) {
    throw toStoreError(cause);
  }
}

async function runTransaction<T>(adapter: DBAdapter, work: () => Promise<T>): Promise<T> {
  // Inside another transaction a conflict ends all of it: only the outermost may begin again.
  const isOutermost = (await getCurrentAdapter(adapter)) === adapter;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runWithTransaction(adapter, work);
    } catch (error) {
      if (!isOutermost || attempt === maximumAttempts || !isTransactionConflict(error)) throw error;
      await delay(withJitter(exponentialBackoff(attempt - 1, pauses)));
    }
  }
}

function toRecords(adapter: DBAdapter, direct: DirectRows | undefined, isUsable: () => boolean): Records {
  // Within a transaction the connection belongs to it: rows reached past it would wait for it for ever.
  const current = () => getCurrentAdapter(adapter);
  const run = async <T>(
    work: (rows: Awaited<ReturnType<typeof current>>) => Promise<T>,
    workDirectly?: (rows: DirectRows) => Promise<T> | undefined,
  ): Promise<T> => {
    try {
      const rows = await current();
      if (rows !== adapter || direct === undefined) return await work(rows);
      requireUsable(isUsable);
      return await (workDirectly?.(direct) ?? work(rows));
    } catch (cause) {
      throw toStoreError(cause);
    }
  };
  return withoutEmptyLists({
    create: <T>(query: Parameters<Records['create']>[0]) =>
      run((rows) => rows.create<Record<string, unknown>, T>(query)),
    findOne: <T>(query: Parameters<Records['findOne']>[0]) =>
      run(
        (rows) => rows.findOne<T>(query),
        // The caller says what a row holds, as with the adapter.
        (rows) => rows.findOne(query) as Promise<T | null> | undefined,
      ),
    findMany: <T>(query: Parameters<Records['findMany']>[0]) =>
      run(
        (rows) => rows.findMany<T>(query),
        (rows) => rows.findMany(query) as Promise<T[]> | undefined,
      ),
    updateMany: (query) =>
      run(
        (rows) => rows.updateMany(query),
        (rows) => rows.updateMany(query),
      ),
    deleteMany: (query) => run((rows) => rows.deleteMany(query)),
    count: (query) => run((rows) => rows.count(query)),
  });
}
