import type { DatabaseSync } from 'node:sqlite';
import { NodeSqliteDialect } from '@better-auth/kysely-adapter/node-sqlite-dialect';
import type { Driver } from 'kysely';

/**
 * Builds the dialect of the embedded database.
 *
 * SQLite ends a transaction by itself when the disk is full, cannot be read or written, or memory runs out. The ROLLBACK
 * that follows would then fail with "no transaction is active", and that failure would take the place of the cause.
 *
 * @see {@link https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction SQLite, section 3}
 */
export function createSqliteDialect(database: DatabaseSync): NodeSqliteDialect {
  const dialect = new NodeSqliteDialect({ database });
  const createDriver = dialect.createDriver.bind(dialect);
  dialect.createDriver = (): Driver => {
    const driver = createDriver();
    const rollbackTransaction = driver.rollbackTransaction.bind(driver);
    driver.rollbackTransaction = async (connection) => {
      if (database.isTransaction) await rollbackTransaction(connection);
    };
    return driver;
  };
  return dialect;
}
