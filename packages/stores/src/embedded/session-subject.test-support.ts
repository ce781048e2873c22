import type { SessionStore } from '@sallyport/core';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { createRecordSessionStore } from '../records/record-session-store.ts';
import { sessionTable } from '../records/session-table.ts';
import { openEmbeddedDatabase } from './embedded-database.ts';

/** Opens the session store of a database file, for a process that a contract test started. */
export async function openSubject(file: string): Promise<SessionStore> {
  return createRecordSessionStore(createSqliteRecords(openEmbeddedDatabase({ file }), [sessionTable]));
}
