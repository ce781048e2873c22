import { SallyportError } from '@sallyport/core';

/** Primary result codes of SQLite that say "the store", not "the statement": busy, locked, read-only, I/O, corrupt, full, cannot open, not a database. */
const sqliteFaults: ReadonlySet<number> = new Set([5, 6, 8, 10, 11, 13, 14, 26]);

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
