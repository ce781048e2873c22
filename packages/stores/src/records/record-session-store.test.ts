import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Records, SessionStore } from '@sallyport/core';
import { sessionStoreContract } from '@sallyport/testing/contracts';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { openEmbeddedDatabase } from '../embedded/embedded-database.ts';
import { createRecordSessionStore } from './record-session-store.ts';
import { sessionTable } from './session-table.ts';

sessionStoreContract({
  name: 'records on SQLite',
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-sessions-'));
    const file = join(folder, 'sallyport.db');
    const database = openEmbeddedDatabase({ file });
    return {
      store: createRecordSessionStore(createSqliteRecords(database, [sessionTable])),
      breakDown: () => database.close(),
      close: () => {
        if (database.isOpen) database.close();
        rmSync(folder, { recursive: true });
      },
      processes: {
        module: new URL('../embedded/session-subject.test-support.ts', import.meta.url).href,
        argument: file,
      },
    };
  },
});
