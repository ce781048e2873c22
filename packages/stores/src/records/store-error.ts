import { SallyportError, type Records } from '@sallyport/core';

/** Primary result codes of SQLite that say "the database could not do its work", not "the statement is wrong". */
const sqliteFaults: ReadonlySet<number> = new Set([
  5, // BUSY
  6, // LOCKED
  7, // NOMEM
  8, // READONLY
  9, // INTERRUPT
  10, // IOERR
  11, // CORRUPT
  13, // FULL
  14, // CANTOPEN
  15, // PROTOCOL
  26, // NOTADB
]);

/** Extended result codes of SQLite for a second row with the same unique value. */
const sqliteDuplicates: ReadonlySet<number> = new Set([1555, 2067]);

/** How far a chain of causes is followed. */
const maximumCauses = 5;

/**
 * Turns an error that says "the database could not do its work" (busy, locked, full, read-only, closed, unreadable)
 * into `SP_STORE_UNAVAILABLE`. Every other error comes back as it was.
 *
 * It is for code that calls a database through someone else's layer; causes are followed, because layers wrap errors.
 */
export function toStoreError(error: unknown): unknown {
  if (error instanceof SallyportError) return error;
  return causesOf(error).some(isStoreFault) ? new SallyportError('SP_STORE_UNAVAILABLE', { cause: error }) : error;
}

/**
 * Wraps records so that every method rejects with `SP_STORE_UNAVAILABLE` when it fails, whatever the driver threw,
 * or with `SP_CONFLICT` when a row with the same unique value exists. A call to a store has no other way to fail.
 */
export function withStoreErrors(records: Records): Records {
  const attempt = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (cause) {
      throw toRecordsError(cause);
    }
  };
  return {
    create: (query) => attempt(() => records.create(query)),
    findOne: (query) => attempt(() => records.findOne(query)),
    findMany: (query) => attempt(() => records.findMany(query)),
    updateMany: (query) => attempt(() => records.updateMany(query)),
    deleteMany: (query) => attempt(() => records.deleteMany(query)),
    count: (query) => attempt(() => records.count(query)),
  };
}

function toRecordsError(cause: unknown): SallyportError {
  if (cause instanceof SallyportError) return cause;
  return causesOf(cause).some(isDuplicate)
    ? new SallyportError('SP_CONFLICT', { cause, reason: 'duplicate' })
    : new SallyportError('SP_STORE_UNAVAILABLE', { cause });
}

function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  let current = error;
  while (current instanceof Error && causes.length < maximumCauses) {
    causes.push(current);
    current = current.cause;
  }
  return causes;
}

function isStoreFault(error: Error): boolean {
  if (error instanceof SallyportError) return error.code === 'SP_STORE_UNAVAILABLE';
  const code = sqliteCodeOf(error);
  if (code !== undefined) return sqliteFaults.has(code & 0xff);
  return isClosedDatabase(error);
}

function isDuplicate(error: Error): boolean {
  const code = sqliteCodeOf(error);
  return code !== undefined && sqliteDuplicates.has(code);
}

function sqliteCodeOf(error: Error): number | undefined {
  if (!('code' in error) || error.code !== 'ERR_SQLITE_ERROR') return undefined;
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
}

function isClosedDatabase(error: Error): boolean {
  // node:sqlite reports a closed handle with a generic code, so that its sentence has to be compared as well.
  return 'code' in error && error.code === 'ERR_INVALID_STATE' && error.message === 'database is not open';
}
