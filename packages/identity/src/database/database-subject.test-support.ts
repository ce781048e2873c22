import type { KeyUse, SessionStore } from '@sallyport/core';
import { createRecordSessionStore, createSealer, openKeyRing, storeTables } from '@sallyport/stores';
import { untilAnswered } from '@sallyport/testing/contracts';
import { openIdentityDatabase } from './identity-database.ts';
import { openAddress } from './test-database.test-support.ts';

export const subjectSecret = { version: 1, value: 'kL9x2Qm7Vw4Rt8Zp1Bn6Yc3Hd5Jf0GsA' };

interface DatabaseSubject extends SessionStore {
  readKid(use: KeyUse): Promise<string | undefined>;
  readSecret(): Promise<string>;
  start(): Promise<void>;
  addRole(name: string): Promise<void>;
}

/** Opens stores on a database, migrations included, for a process that a contract test started. */
export async function openSubject(address: string): Promise<DatabaseSubject> {
  const { records } = await openIdentityDatabase({
    database: openAddress(address).handle,
    tables: storeTables,
  });
  // SQLite is busy for a moment when several processes write; nothing else is.
  const ring = await untilAnswered(() => openKeyRing({ records, sealer: createSealer([subjectSecret])('key-ring') }));
  return {
    ...createRecordSessionStore(records),
    readKid: async (use) => ring.publicKeys(use).keys[0]?.kid,
    readSecret: async () => subjectSecret.value,
    start: () => ring.start(),
    addRole: async (name) => {
      const data = { name, permissions: '', generation: 0, updatedAt: new Date() };
      await untilAnswered(() => records.create({ model: 'sallyportRole', data }));
    },
  };
}
