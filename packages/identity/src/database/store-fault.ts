import { SallyportError } from '@sallyport/core';

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

/** Says whether an error, or anything that caused it, means that the database does not answer. */
export function isStoreFault(error: unknown): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 8; current = current.cause, depth += 1) {
    if (current instanceof SallyportError) return current.code === 'SP_STORE_UNAVAILABLE';
    if (isSqliteFault(current)) return true;
  }
  return false;
}

/** What a caller meets: an outage of the store is 503, whoever noticed it first; everything else stays what it is. */
export function toIdentityError(error: unknown): unknown {
  if (error instanceof SallyportError || !isStoreFault(error)) return error;
  return new SallyportError('SP_STORE_UNAVAILABLE', { cause: error });
}

function isSqliteFault(error: Error): boolean {
  const { code, errcode } = error as Error & { readonly code?: unknown; readonly errcode?: unknown };
  // The low byte of an extended result code is the primary one.
  if (code === 'ERR_SQLITE_ERROR') return typeof errcode === 'number' && sqliteFaults.has(errcode & 0xff);
  return code === 'ERR_INVALID_STATE' && error.message === 'database is not open';
}
