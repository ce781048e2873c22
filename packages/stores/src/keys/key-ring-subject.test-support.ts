import type { KeyUse } from '@sallyport/core';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { openEmbeddedDatabase } from '../embedded/embedded-database.ts';
import { createSealer } from '../sealing/sealer.ts';
import { loadRootSecret } from '../sealing/root-secret.ts';
import { keyTable } from './key-table.ts';
import { openKeyRing } from './record-key-ring.ts';

/** Opens the key ring of a data folder with the root secret of that folder, for a process that a test started. */
export async function openSubject(dataDir: string): Promise<{
  readKid(use: KeyUse): Promise<string | undefined>;
  readSecret(): Promise<string | undefined>;
  start(): Promise<void>;
}> {
  const versions = loadRootSecret({ dataDir });
  const records = createSqliteRecords(openEmbeddedDatabase({ file: `${dataDir}/sallyport.db` }), [keyTable]);
  const ring = await openKeyRing({ records, sealer: createSealer(versions)('key-ring') });
  return {
    readKid: async (use) => ring.publicKeys(use).keys[0]?.kid,
    readSecret: async () => versions[0]?.value,
    start: () => ring.start(),
  };
}
