import { DatabaseSync } from 'node:sqlite';
import { SallyportError, type Records } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { toStoreError, withStoreErrors } from './store-error.ts';

describe('an error of someone else’s layer', () => {
  it.each([
    { name: 'busy', errcode: 5 },
    { name: 'busy with a stale snapshot', errcode: 517 },
    { name: 'locked', errcode: 6 },
    { name: 'read-only', errcode: 8 },
    { name: 'a failed read or write', errcode: 10 },
    { name: 'a failed write of the log', errcode: 778 },
    { name: 'a full disk', errcode: 13 },
    { name: 'a file that cannot be opened', errcode: 14 },
    { name: 'a damaged file', errcode: 11 },
  ])('is an outage when it says: $name', ({ errcode }) => {
    const cause = sqliteError(errcode);
    expect(toStoreError(cause)).toMatchObject({ code: 'SP_STORE_UNAVAILABLE', cause });
  });

  it('is an outage when the database is closed', () => {
    const database = new DatabaseSync(':memory:');
    database.close();
    expect(toStoreError(errorOf(() => database.exec('SELECT 1')))).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  });

  it('is an outage when a layer wrapped it', () => {
    const wrapped = new Error('failed to sign up', { cause: new Error('query failed', { cause: sqliteError(5) }) });
    expect(toStoreError(wrapped)).toMatchObject({ code: 'SP_STORE_UNAVAILABLE', cause: wrapped });
  });

  it.each([
    { name: 'a broken constraint', error: sqliteError(2067) },
    { name: 'a wrong statement', error: sqliteError(1) },
    { name: 'a mistake in code', error: new TypeError('x is not a function') },
    { name: 'something that is no error', error: 'text' },
    { name: 'nothing', error: undefined },
    { name: 'an error of ours', error: new SallyportError('SP_FORBIDDEN') },
  ])('comes back as it was when it is $name', ({ error }) => {
    expect(toStoreError(error)).toBe(error);
  });

  it('is followed through its causes only so far', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    expect(toStoreError(loop)).toBe(loop);
  });
});

describe('records', () => {
  const calls: readonly { name: string; call: (records: Records) => Promise<unknown> }[] = [
    { name: 'create', call: (records) => records.create({ model: 'm', data: {} }) },
    { name: 'findOne', call: (records) => records.findOne({ model: 'm', where: [] }) },
    { name: 'findMany', call: (records) => records.findMany({ model: 'm' }) },
    { name: 'updateMany', call: (records) => records.updateMany({ model: 'm', where: [], update: {} }) },
    { name: 'deleteMany', call: (records) => records.deleteMany({ model: 'm', where: [] }) },
    { name: 'count', call: (records) => records.count({ model: 'm' }) },
  ];

  it.each(calls)('$name rejects with an outage whatever the driver threw', async ({ call }) => {
    const cause = new Error('connection reset');
    await expect(call(withStoreErrors(failing(cause)))).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE', cause });
  });

  it.each([1555, 2067])('tell a second row with the same unique value apart from an outage (%i)', async (errcode) => {
    const records = withStoreErrors(failing(sqliteError(errcode)));
    await expect(records.create({ model: 'm', data: {} })).rejects.toMatchObject({ code: 'SP_CONFLICT' });
  });

  it('say a missing value is an outage, not a conflict', async () => {
    const records = withStoreErrors(failing(sqliteError(1299)));
    await expect(records.create({ model: 'm', data: {} })).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  });

  it('that throw before they promise reject as well', async () => {
    const records = withStoreErrors({
      ...failing(new Error()),
      count: () => {
        throw new Error('at once');
      },
    });
    await expect(records.count({ model: 'm' })).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  });
});

function sqliteError(errcode: number): Error {
  return Object.assign(new Error('of SQLite'), { code: 'ERR_SQLITE_ERROR', errcode });
}

function errorOf(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

function failing(error: Error): Records {
  const fail = (): Promise<never> => Promise.reject(error);
  return { create: fail, findOne: fail, findMany: fail, updateMany: fail, deleteMany: fail, count: fail };
}
