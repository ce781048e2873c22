import { isDuplicateRow, SallyportError, type Records } from '@sallyport/core';

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
  return isDuplicateRow(cause)
    ? new SallyportError('SP_CONFLICT', { cause, reason: 'duplicate' })
    : new SallyportError('SP_STORE_UNAVAILABLE', { cause });
}
