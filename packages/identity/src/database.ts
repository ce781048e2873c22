import {
  openIdentityDatabase as open,
  type IdentityDatabase,
  type IdentityDatabaseOptions,
} from './database/identity-database.ts';
import { migrate as migrateTables, planMigrations as plan, type MigrationOptions } from './database/migrate.ts';
import type { MigrationPlan } from './database/migration-plan.ts';
import { features } from './features.ts';

/**
 * Opens the database of identity: makes what is missing of Better Auth's tables, of identity's own and of `tables`.
 *
 * Never drops or renames. Two starts at the same time do not collide: the second waits until the first is done.
 *
 * @returns the rows, or rejects with `SP_STORE_UNAVAILABLE` when the database does not answer, stays locked or cannot be
 *   written, or with an Error that says what to do when rows that are there stand in the way of the schema.
 */
export function openIdentityDatabase(options: IdentityDatabaseOptions): Promise<IdentityDatabase> {
  return open(withFeatureTables(options));
}

/**
 * Reads what a database lacks of Better Auth's tables, of identity's own and of `tables`. Writes nothing.
 *
 * @returns the plan, or rejects with `SP_STORE_UNAVAILABLE`.
 */
export function planMigrations(options: MigrationOptions): Promise<MigrationPlan> {
  return plan(withFeatureTables(options));
}

/**
 * Makes what is missing, under a lock, so that processes that start together do not collide. Never drops or renames: an
 * older version of Sallyport goes on working beside a newer one.
 *
 * @returns what was made, or rejects with `SP_STORE_UNAVAILABLE`, or with an Error that says what to do when the rows that
 *   are there stand in the way.
 */
export function migrate(options: MigrationOptions): Promise<MigrationPlan> {
  return migrateTables(withFeatureTables(options));
}

function withFeatureTables<T extends MigrationOptions>(options: T): T {
  return { ...options, tables: [...options.tables, ...features.tables] };
}
