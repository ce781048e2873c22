import type { DBAdapter } from '@better-auth/core/db/adapter';
import { SallyportError } from '@sallyport/core';

type Operations = Omit<DBAdapter, 'transaction'>;

/**
 * Wraps an adapter of Better Auth so that nothing is read or written while the database must not be used, and so that no
 * error quotes what is in a row: servers repeat email addresses and hashes in their messages, and messages reach logs.
 */
export function guardAdapter(adapter: DBAdapter, isUsable: () => boolean): DBAdapter {
  return {
    ...guardOperations(adapter, isUsable),
    transaction: (work) =>
      attempt(isUsable, () => adapter.transaction((inner) => work(guardOperations(inner, isUsable)))),
  };
}

function guardOperations(adapter: Operations, isUsable: () => boolean): Operations {
  return {
    ...adapter,
    create: <T extends Record<string, unknown>, R = T>(query: Parameters<typeof adapter.create<T, R>>[0]) =>
      attempt(isUsable, () => adapter.create<T, R>(query)),
    findOne: <T>(query: Parameters<Operations['findOne']>[0]) => attempt(isUsable, () => adapter.findOne<T>(query)),
    findMany: <T>(query: Parameters<Operations['findMany']>[0]) => attempt(isUsable, () => adapter.findMany<T>(query)),
    count: (query) => attempt(isUsable, () => adapter.count(query)),
    update: <T>(query: Parameters<Operations['update']>[0]) => attempt(isUsable, () => adapter.update<T>(query)),
    updateMany: (query) => attempt(isUsable, () => adapter.updateMany(query)),
    delete: (query) => attempt(isUsable, () => adapter.delete(query)),
    deleteMany: (query) => attempt(isUsable, () => adapter.deleteMany(query)),
    consumeOne: <T>(query: Parameters<Operations['consumeOne']>[0]) =>
      attempt(isUsable, () => adapter.consumeOne<T>(query)),
    incrementOne: <T>(query: Parameters<Operations['incrementOne']>[0]) =>
      attempt(isUsable, () => adapter.incrementOne<T>(query)),
  };
}

/** @throws `SP_STORE_UNAVAILABLE` while the database must not be used. */
export function requireUsable(isUsable: () => boolean): void {
  if (!isUsable()) throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'database-claimed-elsewhere' });
}

async function attempt<T>(isUsable: () => boolean, work: () => Promise<T>): Promise<T> {
  requireUsable(isUsable);
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && error.name.startsWith('Mongo')) redact(error);
    throw error;
  }
}

/** In place, because the driver decides by the identity of an error whether a transaction is tried again. */
function redact(error: Error): void {
  const code = 'code' in error && typeof error.code === 'number' ? ` (code ${error.code})` : '';
  const replaced = { message: `${error.name}${code}`, stack: `${error.name}${code}` };
  for (const [name, value] of Object.entries(replaced))
    Object.defineProperty(error, name, { value, configurable: true, writable: true });
  for (const name of ['keyValue', 'errmsg', 'errInfo', 'errorResponse', 'writeErrors', 'result', 'reason'])
    if (Object.hasOwn(error, name)) Reflect.deleteProperty(error, name);
}
