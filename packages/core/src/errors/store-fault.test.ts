import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../options/options-error.ts';
import { SallyportError } from './sallyport-error.ts';
import { isDuplicateRow, isTransactionConflict, storeFaultWordOf, toStoreError } from './store-fault.ts';

describe('an error of a layer over the driver', () => {
  it('stays what it is when it says for itself what an operator does about the outage', () => {
    const cause = new SallyportError('SP_STORE_UNAVAILABLE');
    const error = new OptionsError('Redis does not answer.', 'SP_OPTIONS_UNREACHABLE', { cause });
    expect(toStoreError(error)).toBe(error);
  });

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

  it.each([
    { name: 'a connection that broke', code: '08006' },
    { name: 'a password that is no longer right', code: '28P01' },
    { name: 'a database that is gone', code: '3D000' },
    { name: 'a full disk', code: '53100' },
    { name: 'too many connections', code: '53300' },
    { name: 'a statement that took too long', code: '57014' },
    { name: 'a server that is shut down', code: '57P01' },
    { name: 'a server that is starting', code: '57P03' },
    { name: 'a failed read or write', code: '58030' },
    { name: 'a server that may only read', code: '25006' },
    { name: 'a lock that was not given', code: '55P03' },
    { name: 'transactions that do not fit together', code: '40001' },
    { name: 'transactions that block one another', code: '40P01' },
  ])('is an outage when PostgreSQL says: $name', ({ code }) => {
    expect(toStoreError(postgresError(code))).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  });

  it.each([
    { name: 'a failing primary', error: mongoError('MongoServerError', { code: 10_107 }) },
    { name: 'a server that shuts down', error: mongoError('MongoServerError', { code: 91 }) },
    { name: 'a write that the majority did not confirm', error: mongoError('MongoWriteConcernError', { code: 64 }) },
    { name: 'a full disk', error: mongoError('MongoServerError', { code: 14_031 }) },
    { name: 'an operation that took too long', error: mongoError('MongoServerError', { code: 50 }) },
    { name: 'no server there', error: mongoError('MongoServerSelectionError', {}) },
    { name: 'a connection that broke', error: mongoError('MongoNetworkError', {}) },
    { name: 'no answer', error: mongoError('MongoNetworkTimeoutError', {}) },
    { name: 'no free connection', error: mongoError('MongoWaitQueueTimeoutError', {}) },
    { name: 'a label', error: mongoError('MongoServerError', { code: 1, errorLabels: ['TransientTransactionError'] }) },
  ])('is an outage when MongoDB says: $name', ({ error }) => {
    expect(toStoreError(error)).toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH'])(
    'is an outage when the network says %s',
    (code) => {
      expect(toStoreError(Object.assign(new Error('of Node'), { code }))).toMatchObject({
        code: 'SP_STORE_UNAVAILABLE',
      });
    },
  );

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
    { name: 'a broken constraint of PostgreSQL', error: postgresError('23505') },
    { name: 'a wrong statement of PostgreSQL', error: postgresError('42601') },
    { name: 'a value that PostgreSQL cannot read', error: postgresError('22P02') },
    { name: 'an error with a code but of no server', error: Object.assign(new Error(), { code: '57P01' }) },
    { name: 'a broken constraint of MongoDB', error: mongoError('MongoServerError', { code: 11_000 }) },
    { name: 'a wrong command of MongoDB', error: mongoError('MongoServerError', { code: 9 }) },
    { name: 'a misuse of the driver', error: mongoError('MongoInvalidArgumentError', {}) },
    { name: 'an error with a code but of no database', error: Object.assign(new Error(), { code: 10_107 }) },
    { name: 'a busy port', error: Object.assign(new Error(), { code: 'EADDRINUSE' }) },
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

describe('a second row with the same unique value', () => {
  it.each([
    { name: 'SQLite', error: sqliteError(2067) },
    { name: 'a primary key of SQLite', error: sqliteError(1555) },
    { name: 'PostgreSQL', error: postgresError('23505') },
    { name: 'MongoDB', error: mongoError('MongoServerError', { code: 11_000 }) },
    { name: 'a layer above', error: new Error('failed', { cause: postgresError('23505') }) },
  ])('is known from $name', ({ error }) => {
    expect(isDuplicateRow(error)).toBe(true);
  });

  it.each([
    { name: 'a missing value of SQLite', error: sqliteError(1299) },
    { name: 'a missing value of PostgreSQL', error: postgresError('23502') },
    { name: 'an outage', error: mongoError('MongoNetworkError', {}) },
    { name: 'a number that means something else elsewhere', error: Object.assign(new Error(), { code: 11_000 }) },
  ])('is not $name', ({ error }) => {
    expect(isDuplicateRow(error)).toBe(false);
  });
});

describe('a transaction', () => {
  it('may be run again after a conflict, and after nothing else', () => {
    expect(['40001', '40P01', '57P01', '23505'].map((code) => isTransactionConflict(postgresError(code)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('the word for an operator', () => {
  it('is a code or a name and never a message', () => {
    const wrapped = new SallyportError('SP_STORE_UNAVAILABLE', { cause: postgresError('57P03') });
    expect(storeFaultWordOf(wrapped)).toBe('57P03');
    expect(storeFaultWordOf(Object.assign(new Error('canary'), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
    expect(storeFaultWordOf(mongoError('MongoServerSelectionError', {}))).toBe('MongoServerSelectionError');
    expect(storeFaultWordOf('canary')).toBe('unknown');
  });
});

function postgresError(code: string): Error {
  return Object.assign(new Error('of PostgreSQL'), { code, severity: 'ERROR' });
}

function mongoError(name: string, members: object): Error {
  return Object.assign(new Error('of MongoDB'), { name, ...members });
}

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
