import { randomBytes } from 'node:crypto';
import type { KeyRingEntry, Records } from '@sallyport/core';
import {
  createRecordSessionStore,
  createSealer,
  createWebhookDeliveries,
  keyTable,
  openKeyRing,
  storeTables,
} from '@sallyport/stores';
import { keyRingContract, sessionStoreContract, webhookDeliveriesContract } from '@sallyport/testing/contracts';
import { describe, expect, it, vi } from 'vitest';
import { subjectSecret } from './database-subject.test-support.ts';
import { openCleanDatabase } from './clean-database.test-support.ts';
import { openIdentityDatabase } from './identity-database.ts';
import { databaseKinds, hasRaces, isAvailable, titleOn, type TestDatabase } from './test-database.test-support.ts';

// Hundreds of writes to a server that waits for the disk each time, on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const module = new URL('./database-subject.test-support.ts', import.meta.url).href;
const sealer = createSealer([subjectSecret])('key-ring');
const otherSealer = createSealer([{ version: 1, value: randomBytes(32).toString('base64url') }])('key-ring');
const withoutRaces = new Map(
  await Promise.all(databaseKinds.map(async (kind) => [kind, !(await hasRaces(kind))] as const)),
);

describe.each(databaseKinds)('on Better Auth’s adapter', (kind) => {
  describe.skipIf(!isAvailable(kind))(titleOn('the session store', kind), () => {
    sessionStoreContract({
      name: 'records',
      withoutRaces: withoutRaces.get(kind) === true,
      open: async () => {
        const database = await openCleanDatabase(kind);
        const { records } = await openIdentityDatabase({ database: database.handle, tables: storeTables });
        return { ...fixtureOf(database), store: createRecordSessionStore(records) };
      },
    });
  });

  describe.skipIf(!isAvailable(kind))(titleOn('a list without values', kind), () => {
    const model = keyTable.model;
    const inNone = [{ field: 'kid', operator: 'in' as const, value: [] }];
    const outsideOfNone = [{ field: 'kid', operator: 'not_in' as const, value: [] }];

    it('holds no row, and every row is outside of it', async () => {
      const database = await openCleanDatabase(kind);
      const { records } = await openIdentityDatabase({ database: database.handle, tables: storeTables });
      await openKeyRing({ records, sealer });
      const all = await records.count({ model });
      expect(all).toBeGreaterThan(0);
      expect(await records.findOne({ model, where: inNone })).toBeNull();
      expect(await records.findMany({ model, where: inNone })).toEqual([]);
      expect(await records.count({ model, where: inNone })).toBe(0);
      expect(await records.deleteMany({ model, where: inNone })).toBe(0);
      expect(await records.updateMany({ model, where: inNone, update: { state: 'retiring' } })).toBe(0);
      expect(await records.findMany({ model, where: outsideOfNone })).toHaveLength(all);
      await database.close();
    });
  });

  describe.skipIf(!isAvailable(kind))(titleOn('webhook deliveries', kind), () => {
    webhookDeliveriesContract({
      name: 'records',
      withoutRaces: withoutRaces.get(kind) === true,
      open: async () => {
        const database = await openCleanDatabase(kind);
        const { records } = await openIdentityDatabase({ database: database.handle, tables: storeTables });
        const { breakDown, close } = database;
        const [deliveries, atAnotherGateway] = [createWebhookDeliveries(records), createWebhookDeliveries(records)];
        return { breakDown, close, deliveries, atAnotherGateway };
      },
    });
  });

  describe.skipIf(!isAvailable(kind))(titleOn('the key ring', kind), () => {
    keyRingContract({
      name: 'records',
      open: async () => {
        const database = await openCleanDatabase(kind);
        const { records } = await openIdentityDatabase({ database: database.handle, tables: storeTables });
        return {
          ...fixtureOf(database),
          openRing: ({ secret = 'first', ...options } = {}) =>
            openKeyRing({ records, sealer: secret === 'first' ? sealer : otherSealer, ...options }),
          readRows: () => readEntries(records),
          changeRow: async (kid, change) => {
            const row = await records.findOne<KeyRow>({ model: keyTable.model, where: [{ field: 'kid', value: kid }] });
            if (row === null) throw new TypeError('there is no such key');
            const { use, state } = { ...row, ...change };
            await records.updateMany({
              model: keyTable.model,
              where: [{ field: 'kid', value: kid }],
              update: { ...change, slot: state === 'retiring' ? null : `${use}:${state}` },
            });
          },
          removeRows: async () => {
            await records.deleteMany({ model: keyTable.model, where: [] });
          },
        };
      },
    });
  });
});

/** Other processes get the address when they are started, and then only. */
function fixtureOf(database: TestDatabase) {
  const { breakDown, close } = database;
  return {
    breakDown,
    close,
    processes: {
      module,
      get argument() {
        return database.address;
      },
    },
  };
}

interface KeyRow extends KeyRingEntry {
  readonly id: string;
}

async function readEntries(records: Records): Promise<readonly KeyRingEntry[]> {
  return records.findMany<KeyRow>({ model: keyTable.model });
}
