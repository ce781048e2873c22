import { SallyportError, type RecordFilter, type Records, type RecordTable } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PostgresHandle } from './database-handle.ts';
import { openIdentityDatabase, type IdentityDatabase } from './identity-database.ts';
import { isAvailable, openTestDatabase, titleOn, type TestDatabase } from './test-database.test-support.ts';

const model = 'sallyportThing';
const tables: readonly RecordTable[] = [
  {
    model,
    columns: {
      name: { type: 'string', required: true, unique: true },
      owner: { type: 'string', required: false, index: true },
      size: { type: 'number', required: true },
      isOld: { type: 'boolean', required: true },
      at: { type: 'date', required: false },
    },
  },
];
const at = new Date('2026-01-02T03:04:05.678Z');
const things = [
  { name: 'a "b" \\ {c}, d', owner: 'ada', size: 1, isOld: false, at },
  { name: 'b', owner: 'ada', size: 2, isOld: true, at: null },
  { name: 'c', owner: null, size: 3, isOld: false, at },
  { name: "d' OR '1'='1", owner: '', size: 4, isOld: true, at: null },
];

describe.skipIf(!isAvailable('postgres'))(titleOn('rows that are read without the adapter', 'postgres'), () => {
  let test: TestDatabase;
  let database: IdentityDatabase;
  let isUsable = true;
  let statements: string[] = [];
  beforeEach(async () => {
    isUsable = true;
    test = await openTestDatabase('postgres');
    database = await openIdentityDatabase({
      database: noting(test.handle as PostgresHandle),
      tables,
      isUsable: () => isUsable,
    });
    for (const data of things) await database.records.create({ model, data });
    statements = [];
  });
  afterEach(() => test.close());

  /** Notes the statements that go past the transaction of a caller. */
  const noting = (handle: PostgresHandle): PostgresHandle => ({
    ...handle,
    pool: {
      ...handle.pool,
      connect: async () => {
        const connection = await handle.pool.connect();
        return {
          query: (sql, parameters) => {
            statements.push(sql);
            return connection.query(sql, parameters);
          },
          release: (destroy) => connection.release(destroy),
        };
      },
    },
  });
  /** The same through the adapter: inside a transaction nothing goes past it. */
  const byAdapter = <T>(work: (records: Records) => Promise<T>): Promise<T> =>
    database.transaction(() => work(database.records));

  it.each<{ readonly name: string; readonly where: RecordFilter[] }>([
    { name: 'one text', where: [{ field: 'name', value: things[0]?.name ?? '' }] },
    { name: 'a text that looks like SQL', where: [{ field: 'name', value: things[3]?.name ?? '' }] },
    { name: 'an empty text', where: [{ field: 'owner', value: '' }] },
    { name: 'a text that no row has', where: [{ field: 'name', value: 'none' }] },
    { name: 'several texts', where: [{ field: 'name', operator: 'in', value: things.map(({ name }) => name) }] },
    { name: 'a list of one', where: [{ field: 'name', operator: 'in', value: ['b'] }] },
    { name: 'nothing in a column', where: [{ field: 'owner', value: null }] },
    { name: 'something in a column', where: [{ field: 'owner', operator: 'ne', value: null }] },
    { name: 'a number', where: [{ field: 'size', value: 3 }] },
    {
      name: 'two columns',
      where: [
        { field: 'owner', value: 'ada' },
        { field: 'isOld', value: true },
      ],
    },
    { name: 'nothing', where: [] },
  ])('are those that the adapter finds by $name', async ({ where }) => {
    const query = { model, where };
    const byName = (rows: { readonly name: string }[]) => rows.sort((one, other) => (one.name < other.name ? -1 : 1));
    const rows = await database.records.findMany<{ readonly name: string }>(query);
    expect(byName(rows)).toEqual(byName(await byAdapter((records) => records.findMany(query))));
    const row = await database.records.findOne(query);
    expect(row === null).toBe((await byAdapter((records) => records.findOne(query))) === null);
  });

  it.each<{ readonly name: string; readonly where: RecordFilter[]; readonly count: number }>([
    {
      name: 'a text and a number',
      where: [
        { field: 'name', value: 'b' },
        { field: 'size', value: 2 },
      ],
      count: 1,
    },
    {
      name: 'a number that is another',
      where: [
        { field: 'name', value: 'b' },
        { field: 'size', value: 7 },
      ],
      count: 0,
    },
    { name: 'a list', where: [{ field: 'name', operator: 'in', value: ['b', 'c'] }], count: 2 },
    { name: 'a smaller number', where: [{ field: 'size', operator: 'lt', value: 3 }], count: 2 },
    { name: 'another owner', where: [{ field: 'owner', operator: 'ne', value: 'ada' }], count: 1 },
    { name: 'a time', where: [{ field: 'at', value: at }], count: 2 },
    { name: 'a time that is later', where: [{ field: 'at', operator: 'gt', value: at }], count: 0 },
    { name: 'nothing in a column', where: [{ field: 'owner', value: null }], count: 1 },
  ])('are changed where they have $name, as the adapter changes them', async ({ where, count }) => {
    const later = new Date(at.getTime() + 1);
    const update = { owner: null, size: 9, isOld: true, at: later };
    expect(await database.records.updateMany({ model, where, update })).toBe(count);
    const changed = await database.records.findMany<{ readonly size: number }>({
      model,
      where: [{ field: 'size', value: 9 }],
    });
    expect(changed).toHaveLength(count);
    for (const row of changed) expect(row).toMatchObject(update);
  });

  it('cost one statement for all that is asked for at once', async () => {
    await Promise.all(
      things.map(async ({ name, size }) => {
        expect(await database.records.findOne({ model, where: [{ field: 'name', value: name }] })).toMatchObject({
          size,
        });
      }),
    );
    expect(statements).toHaveLength(1);
  });

  it('are those of the transaction that they are asked for in', async () => {
    const where = [{ field: 'name', value: 'b' }];
    await database.transaction(async () => {
      await database.records.updateMany({ model, where, update: { size: 20 } });
      expect(await database.records.findOne({ model, where })).toMatchObject({ size: 20 });
    });
    const undone = database.transaction(async () => {
      await database.records.updateMany({ model, where, update: { size: 21 } });
      throw new Error('stop');
    });
    await expect(undone).rejects.toThrow('stop');
    expect(await database.records.findOne({ model, where })).toMatchObject({ size: 20 });
  });

  it('fail no other caller by a text that the database does not take', async () => {
    const find = (name: string) => database.records.findOne({ model, where: [{ field: 'name', value: name }] });
    const [bad, good] = await Promise.allSettled([find('b\0'), find('b')]);
    expect(bad.status).toBe('rejected');
    expect(good).toMatchObject({ status: 'fulfilled', value: { size: 2 } });
  });

  it('are neither read nor changed while the database is claimed elsewhere', async () => {
    isUsable = false;
    const where = [{ field: 'name', value: 'b' }];
    const refused = { code: 'SP_STORE_UNAVAILABLE', reason: 'database-claimed-elsewhere' };
    await expect(database.records.findOne({ model, where })).rejects.toMatchObject(refused);
    await expect(database.records.findMany({ model, where })).rejects.toMatchObject(refused);
    await expect(database.records.updateMany({ model, where, update: { size: 5 } })).rejects.toMatchObject(refused);
    expect(statements).toEqual([]);
  });

  it('are not there while the database is away', async () => {
    await test.breakDown();
    const read = database.records.findOne({ model, where: [{ field: 'name', value: 'b' }] });
    await expect(read).rejects.toBeInstanceOf(SallyportError);
    await expect(read).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  });

  it('change for one of many that compare and set', async () => {
    const claim = (size: number) =>
      database.records.updateMany({
        model,
        where: [
          { field: 'name', value: 'b' },
          { field: 'size', value: 2 },
        ],
        update: { size },
      });
    const counts = await Promise.all(Array.from({ length: 20 }, (_, index) => claim(100 + index)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
  });
});
