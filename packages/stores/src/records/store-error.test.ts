import type { Records } from '@sallyport/core';
import { describe, expect, it } from 'vitest';
import { withStoreErrors } from './store-error.ts';

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

function failing(error: Error): Records {
  const fail = (): Promise<never> => Promise.reject(error);
  return { create: fail, findOne: fail, findMany: fail, updateMany: fail, deleteMany: fail, count: fail };
}
