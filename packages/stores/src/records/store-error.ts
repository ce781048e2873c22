import { causesOf, SallyportError, sqliteCodeOf, type Records } from '@sallyport/core';

/** Extended result codes of SQLite for a second row with the same unique value. */
const sqliteDuplicates: ReadonlySet<number> = new Set([1555, 2067]);

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

function isDuplicate(error: Error): boolean {
  const code = sqliteCodeOf(error);
  return code !== undefined && sqliteDuplicates.has(code);
}
