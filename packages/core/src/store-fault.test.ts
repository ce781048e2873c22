import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { SallyportError } from './sallyport-error.ts';
import { toStoreError } from './store-fault.ts';

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
