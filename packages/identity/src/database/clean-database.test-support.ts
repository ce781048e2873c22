import { afterAll } from 'vitest';
import type { DatabaseHandle } from './database-handle.ts';
import { openTestDatabase, type DatabaseKind, type TestDatabase } from './test-database.test-support.ts';

/** Databases of servers that a test of this file is done with: migrated, and without rows. */
const spares = new Map<DatabaseKind, TestDatabase[]>();
afterAll(async () => {
  for (const database of [...spares.values()].flat()) await database.close();
  spares.clear();
});

/**
 * Opens a database without rows, which a test of this file before may have migrated: making one takes a server long. One
 * whose address was handed to other processes is not used again, because they may still write to it.
 */
export async function openCleanDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  if (kind === 'sqlite') return openTestDatabase(kind);
  const database = spares.get(kind)?.pop() ?? (await openTestDatabase(kind));
  let isReusable = true;
  return {
    handle: database.handle,
    get address() {
      isReusable = false;
      return database.address;
    },
    dump: database.dump,
    breakDown: () => {
      isReusable = false;
      return database.breakDown();
    },
    close: async () => {
      if (!isReusable) return database.close();
      await removeRows(database.handle);
      spares.set(kind, [...(spares.get(kind) ?? []), database]);
    },
  };
}

async function removeRows(handle: DatabaseHandle): Promise<void> {
  switch (handle.kind) {
    case 'sqlite':
      return;
    case 'postgres': {
      const connection = await handle.pool.connect();
      try {
        // TRUNCATE makes new files for each table and index: of tables with a handful of rows, DELETE takes a tenth of that.
        const sql = `SELECT format('DELETE FROM %I', tablename) AS text FROM pg_tables WHERE schemaname = current_schema()`;
        const { rows } = await connection.query<{ text: string }>(sql);
        await connection.query(['SET session_replication_role = replica', ...rows.map(({ text }) => text)].join(';'));
        await connection.query('SET session_replication_role = DEFAULT');
      } finally {
        connection.release();
      }
      return;
    }
    case 'mongodb':
      for (const collection of await handle.client.db(handle.databaseName).collections())
        await collection.deleteMany({});
  }
}
