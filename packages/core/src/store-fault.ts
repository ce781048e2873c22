import { SallyportError } from './sallyport-error.ts';

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
  return isStoreFault(error) ? new SallyportError('SP_STORE_UNAVAILABLE', { cause: error }) : error;
}

/** Says whether an error, or anything that caused it, means that the database could not do its work. */
export function isStoreFault(error: unknown): boolean {
  return causesOf(error).some(isFault);
}

/** An error and what caused it, outermost first. */
export function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  let current = error;
  while (current instanceof Error && causes.length < maximumCauses) {
    causes.push(current);
    current = current.cause;
  }
  return causes;
}

/** The extended result code of an error of `node:sqlite`; `undefined` for every other error. */
export function sqliteCodeOf(error: Error): number | undefined {
  if (!('code' in error) || error.code !== 'ERR_SQLITE_ERROR') return undefined;
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
}

function isFault(error: Error): boolean {
  if (error instanceof SallyportError) return error.code === 'SP_STORE_UNAVAILABLE';
  const code = sqliteCodeOf(error);
  // The low byte of an extended result code is the primary one.
  if (code !== undefined) return sqliteFaults.has(code & 0xff);
  return isClosedDatabase(error);
}

function isClosedDatabase(error: Error): boolean {
  // node:sqlite reports a closed handle with a generic code, so that its sentence has to be compared as well.
  return 'code' in error && error.code === 'ERR_INVALID_STATE' && error.message === 'database is not open';
}
