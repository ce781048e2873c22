import { randomUUID } from 'node:crypto';
import {
  authFlowTestSuite,
  caseInsensitiveTestSuite,
  joinsTestSuite,
  normalTestSuite,
  testAdapter,
  transactionsTestSuite,
} from '@better-auth/test-utils/adapter';
import type { BetterAuthOptions } from 'better-auth';
import { afterAll, describe } from 'vitest';
import { createDatabaseAdapter } from './database-adapter.ts';
import type { DatabaseHandle } from './database-handle.ts';
import { migrateMongo, readMongoAbilities } from './mongo-migration.ts';
import { migratePostgres, migrateSqlite } from './sql-migration.ts';
import {
  databaseKinds,
  isAvailable,
  openTestDatabase,
  titleOn,
  type TestDatabase,
} from './test-database.test-support.ts';

// The suite registers its tests itself, and needs a database to do so.
for (const kind of databaseKinds.filter(isAvailable)) {
  let database: TestDatabase = await openTestDatabase(kind);
  const hasTransactions = await readTransactionAbility(database.handle);
  const { execute } = await testAdapter({
    adapter: () => (options) =>
      createDatabaseAdapter({ database: database.handle, hasTransactions, isUsable: () => true })(options),
    // Tables of the suite change their columns and names, and our migrations never drop any.
    runMigrations: async (options) => {
      await database.close();
      database = await openTestDatabase(kind);
      await migrateFor(database.handle, options);
    },
    overrideBetterAuthOptions: (options) => ({
      ...options,
      logger: { disabled: true },
      advanced: { ...options.advanced, database: { generateId: () => randomUUID(), ...options.advanced?.database } },
    }),
    tests: [
      normalTestSuite(),
      authFlowTestSuite(),
      caseInsensitiveTestSuite(),
      ...(hasTransactions ? [transactionsTestSuite(), joinsTestSuite()] : []),
    ],
  });
  describe(titleOn('Better Auth’s suite of adapters', kind), () => {
    execute();
    afterAll(() => database.close());
  });
}

async function readTransactionAbility(handle: DatabaseHandle): Promise<boolean> {
  return handle.kind !== 'mongodb' || (await readMongoAbilities(handle)).hasTransactions;
}

async function migrateFor(handle: DatabaseHandle, options: BetterAuthOptions): Promise<void> {
  switch (handle.kind) {
    case 'sqlite':
      await migrateSqlite(handle, options);
      return;
    case 'postgres':
      await migratePostgres(handle, options);
      return;
    case 'mongodb':
      await migrateMongo(handle, options);
  }
}
