import { OptionsError } from '@sallyport/core';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyRingEntry, Records } from '@sallyport/core';
import { keyRingContract } from '@sallyport/testing/contracts';
import { createSqliteRecords } from '@sallyport/testing/sqlite-records';
import { describe, expect, it } from 'vitest';
import { openEmbeddedDatabase } from '../embedded/embedded-database.ts';
import { createSealer } from '../sealing/sealer.ts';
import { loadRootSecret } from '../sealing/root-secret.ts';
import { keyTable, toKeyRingEntry, toKeyRow } from './key-table.ts';
import { openKeyRing } from './record-key-ring.ts';

const model = keyTable.model;
const otherSealer = createSealer([{ version: 1, value: randomBytes(32).toString('base64url') }])('key-ring');

describe('the key ring [sqlite]', () => {
  keyRingContract({
    name: 'records on SQLite',
    open: async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
      const database = openEmbeddedDatabase({ file: join(dataDir, 'sallyport.db') });
      const records = createSqliteRecords(database, [keyTable]);
      const sealer = createSealer(loadRootSecret({ dataDir }))('key-ring');
      return {
        openRing: ({ secret = 'first', ...options } = {}) =>
          openKeyRing({ records, sealer: secret === 'first' ? sealer : otherSealer, ...options }),
        readRows: () => readEntries(records),
        changeRow: async (kid, change) => {
          const entry = (await readEntries(records)).find((row) => row.kid === kid);
          if (entry === undefined) throw new TypeError('there is no such key');
          await records.updateMany({
            model,
            where: [{ field: 'kid', value: kid }],
            update: toKeyRow({ ...entry, ...change }),
          });
        },
        removeRows: async () => {
          await records.deleteMany({ model, where: [] });
        },
        breakDown: () => database.close(),
        close: () => {
          if (database.isOpen) database.close();
          rmSync(dataDir, { recursive: true });
        },
        processes: { module: new URL('./key-ring-subject.test-support.ts', import.meta.url).href, argument: dataDir },
      };
    },
  });
});

it('a key ring opens keys that were sealed under an older version of the root secret', async () => {
  const records = createSqliteRecords(openEmbeddedDatabase({ file: ':memory:' }), [keyTable]);
  const [older, newer] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')];
  const before = await openKeyRing({ records, sealer: createSealer([{ version: 1, value: older }])('key-ring') });
  const sealer = createSealer([
    { version: 2, value: newer },
    { version: 1, value: older },
  ])('key-ring');
  expect((await openKeyRing({ records, sealer })).publicKeys('internal')).toEqual(before.publicKeys('internal'));
});

it('a key ring refuses a rotation time that is not a positive number', async () => {
  const records = createSqliteRecords(openEmbeddedDatabase({ file: ':memory:' }), [keyTable]);
  await expect(openKeyRing({ records, sealer: otherSealer, rotationDays: 0 })).rejects.toThrow(OptionsError);
});

async function readEntries(records: Records): Promise<readonly KeyRingEntry[]> {
  return (await records.findMany<Record<string, unknown>>({ model })).map(toKeyRingEntry);
}
