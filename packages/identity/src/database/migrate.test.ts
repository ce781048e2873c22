import type { RecordTable } from '@sallyport/core';
import { createRecordSessionStore, keyTable, sessionTable, storeTables as tables } from '@sallyport/stores';
import { after, makeSessionRecord, startStoreProcess } from '@sallyport/testing/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MongoDb } from './database-handle.ts';
import { openIdentityDatabase } from './identity-database.ts';
import { migrate, planMigrations } from './migrate.ts';
import { isEmptyPlan } from './migration-plan.ts';
import {
  databaseKinds,
  isAvailable,
  openTestDatabase,
  titleOn,
  type TestDatabase,
} from './test-database.test-support.ts';

const subject = new URL('./database-subject.test-support.ts', import.meta.url).href;

/** What a later version might add: a column that may be empty, and a table. */
const newerTables: readonly RecordTable[] = [
  {
    model: sessionTable.model,
    columns: { ...sessionTable.columns, region: { type: 'string', required: false, index: true } },
  },
  keyTable,
  { model: 'sallyportDevice', columns: { name: { type: 'string', required: false, unique: true } } },
];

describe.each(databaseKinds)('on %s', (kind) => {
  describe.skipIf(!isAvailable(kind))(titleOn('migrations', kind), () => {
    let database: TestDatabase;
    beforeEach(async () => {
      database = await openTestDatabase(kind);
    });
    afterEach(() => database.close());

    it('are planned without writing anything', async () => {
      const first = await planMigrations({ database: database.handle, tables });
      expect(first.database).toBe(kind);
      expect(first.tables).toEqual(expect.arrayContaining(['user', 'account', 'sallyportSession', 'sallyportEvent']));
      expect(first.indexes).toContainEqual({ table: 'user', columns: ['email'], unique: true });
      expect(first.indexes).toContainEqual({ table: 'sallyportSession', columns: ['tokenHash'], unique: true });
      if (kind !== 'mongodb') expect(first.statements.join('\n')).toContain('create table "sallyportSession"');
      expect(await planMigrations({ database: database.handle, tables })).toEqual(first);
    });

    it('make what was planned, once', async () => {
      const planned = await planMigrations({ database: database.handle, tables });
      expect(await migrate({ database: database.handle, tables })).toEqual(planned);
      expect(isEmptyPlan(await planMigrations({ database: database.handle, tables }))).toBe(true);
      expect(isEmptyPlan(await migrate({ database: database.handle, tables }))).toBe(true);
    });

    it('do not collide when four processes start together', async () => {
      const processes = await Promise.all(
        Array.from({ length: 4 }, () => startStoreProcess({ module: subject, argument: database.address })),
      );
      try {
        await Promise.all(processes.map((one) => one.open()));
        await Promise.all(processes.map((one, index) => one.call('addRole', `role-${index}`)));
        const { records } = await openIdentityDatabase({ database: database.handle, tables });
        expect(await records.count({ model: 'sallyportRole' })).toBe(4);
        expect(await records.count({ model: 'sallyportKey' })).toBe(1);
      } finally {
        await Promise.all(processes.map((one) => one.kill()));
      }
    }, 120_000);

    it('let an older version work beside a newer one, each on the rows of the other', async () => {
      const older = await openIdentityDatabase({ database: database.handle, tables });
      const oldStore = createRecordSessionStore(older.records);
      const early = makeSessionRecord();
      await oldStore.create(early);

      const planned = await planMigrations({ database: database.handle, tables: newerTables });
      expect(planned.tables).toEqual(['sallyportDevice']);
      const newer = await openIdentityDatabase({ database: database.handle, tables: newerTables });
      const newStore = createRecordSessionStore(newer.records);
      const where = [{ field: 'sid', value: early.sid }];
      await newer.records.updateMany({ model: sessionTable.model, where, update: { region: 'north' } });

      expect(await oldStore.findBySid(early.sid)).toEqual(early);
      expect(await oldStore.change(early.sid, 1, { org: 'acme' })).toMatchObject({ kind: 'written' });
      expect(await newer.records.findOne({ model: sessionTable.model, where })).toMatchObject({ region: 'north' });
      const late = makeSessionRecord();
      await oldStore.create(late);
      expect(await newStore.findBySid(late.sid)).toEqual(late);
      expect(await newStore.revoke(late.sid, 'ada', 'signed-out', after(5))).toBe(true);
      expect(await oldStore.revoke(late.sid, 'ada', 'signed-out', after(6))).toBe(false);

      // An older version that starts now takes nothing away.
      await openIdentityDatabase({ database: database.handle, tables });
      expect(isEmptyPlan(await planMigrations({ database: database.handle, tables: newerTables }))).toBe(true);
    });

    it('let any number of rows hold nothing in a unique column, and no two the same value', async () => {
      const { records } = await openIdentityDatabase({ database: database.handle, tables: newerTables });
      const create = (data: Record<string, unknown>) =>
        records.create<{ id: string }>({ model: 'sallyportDevice', data });
      for (const data of [{ name: null }, { name: null }, {}, { name: 'a' }]) await create(data);
      await expect(create({ name: 'a' })).rejects.toThrow();
      const { id } = await create({ name: 'b' });
      const where = [{ field: 'id', value: id }];
      expect(await records.updateMany({ model: 'sallyportDevice', where, update: { name: null } })).toBe(1);
      expect(await records.count({ model: 'sallyportDevice', where: [{ field: 'name', value: null }] })).toBe(4);
      await create({ name: 'b' });
    });

    it('never let two accounts have one address', async () => {
      const { records } = await openIdentityDatabase({ database: database.handle, tables });
      const data = { name: 'Ada', email: 'ada@secret.test', emailVerified: true, createdAt: new Date(), updatedAt: new Date(), roles: '', generation: 1 }; // prettier-ignore
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, () => records.create({ model: 'user', data: { ...data } })),
      );
      const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
      expect(refusals).toHaveLength(7);
      for (const refusal of refusals) {
        expect(`${refusal.message} ${refusal.stack ?? ''}`).not.toContain('secret.test');
        expect(JSON.stringify(refusal)).not.toContain('secret.test');
      }
    });

    it('refuse a column that every row must have and none has, and change nothing', async () => {
      if (kind === 'mongodb') return;
      const { records } = await openIdentityDatabase({ database: database.handle, tables });
      await createRecordSessionStore(records).create(makeSessionRecord());
      const demanding: RecordTable = {
        model: sessionTable.model,
        columns: { ...sessionTable.columns, region: { type: 'string', required: true } },
      };
      const options = { database: database.handle, tables: [demanding, keyTable] };
      await expect(migrate(options)).rejects.toThrow(/nothing was changed.*"region"/s);
      expect((await planMigrations(options)).problems).toHaveLength(1);
      expect(isEmptyPlan(await planMigrations({ database: database.handle, tables }))).toBe(true);
    });
  });
});

describe.skipIf(!isAvailable('mongodb'))(titleOn('migrations', 'mongodb'), () => {
  let database: TestDatabase;
  let db: MongoDb;
  beforeEach(async () => {
    database = await openTestDatabase('mongodb');
    if (database.handle.kind !== 'mongodb') throw new TypeError('not a MongoDB');
    db = database.handle.client.db(database.handle.databaseName);
  });
  afterEach(() => database.close());

  const plan = () => planMigrations({ database: database.handle, tables: newerTables });
  const collections = async () => (await db.listCollections().toArray()).map(({ name }) => name);

  it.each([
    {
      name: 'one address twice',
      model: 'user',
      documents: [{ email: 'twice@secret.test' }, { email: 'once@secret.test' }, { email: 'twice@secret.test' }],
      field: 'email',
    },
    {
      name: 'no value twice, where one must be',
      model: 'user',
      documents: [{ name: 'a' }, { email: null }],
      field: 'email',
    },
    {
      name: 'an optional value twice',
      model: 'sallyportDevice',
      documents: [{ name: 'secret.test' }, { name: 'secret.test' }],
      field: 'name',
    },
  ])(
    'refuse $name under a unique index before they change anything, and say where',
    async ({ model, documents, field }) => {
      await db.collection(model).insertMany(documents);
      const says = new RegExp(`several documents of the collection ${model} .* the field ${field},`);
      expect((await plan()).problems).toEqual([expect.stringMatching(says)]);
      const refused = migrate({ database: database.handle, tables: newerTables });
      await expect(refused).rejects.toThrow(says);
      await expect(refused).rejects.toMatchObject({ code: 'SP_OPTIONS_DATA_UNUSABLE' });
      await expect(refused).rejects.not.toThrow(/secret\.test/);
      expect((await collections()).filter((collection) => collection !== 'sallyportLock')).toEqual([model]);
      // The first and the last of each hold the same.
      await db.collection(model).deleteOne({ [field]: documents[0]?.[field as never] ?? null });
      expect((await plan()).problems).toEqual([]);
      await migrate({ database: database.handle, tables: newerTables });
    },
  );

  it('accept documents that differ, and those that hold nothing in an optional column', async () => {
    await db.collection('user').insertMany([{ email: 'a@secret.test' }, { email: 'b@secret.test' }]);
    await db.collection('sallyportDevice').insertMany([{ a: 1 }, { a: 2 }, { name: 'a' }]);
    expect((await plan()).problems).toEqual([]);
    await migrate({ database: database.handle, tables: newerTables });
  });
});
