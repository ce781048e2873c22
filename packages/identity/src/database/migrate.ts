import { silentLogger, toStoreError, type Logger, type RecordTable } from '@sallyport/core';
import type { DatabaseHandle } from './database-handle.ts';
import { identitySchema } from './identity-schema.ts';
import type { MigrationPlan } from './migration-plan.ts';
import { migrateMongo, planMongo } from './mongo-migration.ts';
import { migratePostgres, migrateSqlite, planPostgres, planSqlite } from './sql-migration.ts';

export interface MigrationOptions {
  /** An open database. Its owner closes it. */
  readonly database: DatabaseHandle;
  /** The tables that others keep in this database: sessions and keys. */
  readonly tables: readonly RecordTable[];
  readonly logger?: Logger;
}

/**
 * Reads what a database lacks of Better Auth's tables, of identity's own and of `tables`. Writes nothing.
 *
 * @returns the plan, or rejects with `SP_STORE_UNAVAILABLE`.
 */
export async function planMigrations({ database, tables }: MigrationOptions): Promise<MigrationPlan> {
  const schema = identitySchema(tables);
  try {
    switch (database.kind) {
      case 'sqlite':
        return await planSqlite(database, schema);
      case 'postgres':
        return await planPostgres(database, schema);
      case 'mongodb':
        return await planMongo(database, schema);
    }
  } catch (cause) {
    throw toStoreError(cause);
  }
}

/**
 * Makes what is missing, under a lock, so that processes that start together do not collide. Never drops or renames: an
 * older version of Sallyport goes on working beside a newer one.
 *
 * @returns what was made, or rejects with `SP_STORE_UNAVAILABLE`, or with an Error that says what to do when the rows that
 *   are there stand in the way.
 */
export async function migrate({ database, tables, logger = silentLogger }: MigrationOptions): Promise<MigrationPlan> {
  const schema = identitySchema(tables);
  try {
    const plan = await migrateKind(database, schema);
    if (plan.tables.length + plan.columns.length + plan.indexes.length > 0) {
      logger.info('the database was migrated', {
        event: 'database-migrated',
        database: plan.database,
        tables: plan.tables.length,
        columns: plan.columns.length,
        indexes: plan.indexes.length,
      });
    }
    return plan;
  } catch (cause) {
    throw toStoreError(cause);
  }
}

async function migrateKind(
  database: DatabaseHandle,
  schema: ReturnType<typeof identitySchema>,
): Promise<MigrationPlan> {
  switch (database.kind) {
    case 'sqlite':
      return migrateSqlite(database, schema);
    case 'postgres':
      return migratePostgres(database, schema);
    case 'mongodb':
      return migrateMongo(database, schema);
  }
}
