import type { MongoDb } from './database-handle.ts';

/** Which columns of which collection are unique and may be absent. */
export type OptionalUniqueColumns = ReadonlyMap<string, ReadonlySet<string>>;

type MongoCollection = ReturnType<MongoDb['collection']>;

/**
 * Wraps a database of the MongoDB driver for Better Auth's adapter.
 *
 * - A unique column that may hold nothing is left out instead of being `null`: a server without partial indexes (FerretDB)
 *   takes two `null` for the same value, and two absent ones not.
 * - Indexes are not made here. Better Auth makes them in the background and writes failures to the console; ours were made
 *   before, and a failure stopped the start.
 */
export function withAbsentNulls(db: MongoDb, optional: OptionalUniqueColumns): MongoDb {
  return overlay(db, {
    collection: (name: string) => wrapCollection(db.collection(name), optional.get(name) ?? new Set()),
  });
}

function wrapCollection(collection: MongoCollection, columns: ReadonlySet<string>): MongoCollection {
  const own = { createIndex: async () => 'made-before' };
  if (columns.size === 0) return overlay(collection, own);
  return overlay(collection, {
    ...own,
    insertOne: (...[document, ...rest]: Parameters<MongoCollection['insertOne']>) =>
      collection.insertOne(withoutNulls(document, columns), ...rest),
    updateMany: (...[filter, update, ...rest]: Parameters<MongoCollection['updateMany']>) =>
      collection.updateMany(filter, unsettingNulls(update, columns), ...rest),
    findOneAndUpdate: (filter: Filter, update: Update, options: object) =>
      collection.findOneAndUpdate(filter, unsettingNulls(update, columns), options),
  });
}

type Filter = Parameters<MongoCollection['updateMany']>[0];
type Update = Parameters<MongoCollection['updateMany']>[1];

function withoutNulls<T extends object>(document: T, columns: ReadonlySet<string>): T {
  // Removing a key that may be absent leaves the type as it is.
  return Object.fromEntries(Object.entries(document).filter(([name, value]) => !isNull(name, value, columns))) as T;
}

function unsettingNulls(update: Update, columns: ReadonlySet<string>): Update {
  if (Array.isArray(update) || update['$set'] === undefined) return update;
  const changes: Readonly<Record<string, unknown>> = update['$set'];
  const removed = Object.keys(changes).filter((name) => isNull(name, changes[name], columns));
  if (removed.length === 0) return update;
  const { $set, ...rest } = update;
  const kept = withoutNulls(Object($set ?? {}) as Record<string, unknown>, columns);
  return {
    ...rest,
    ...(Object.keys(kept).length === 0 ? {} : { $set: kept }),
    $unset: Object.fromEntries(removed.map((name) => [name, ''])),
  };
}

function isNull(name: string, value: unknown, columns: ReadonlySet<string>): boolean {
  return columns.has(name) && (value === null || value === undefined);
}

/** An object with some methods of ours. The others are called on the object itself, which has private fields. */
function overlay<T extends object>(target: T, own: Readonly<Record<string, unknown>>): T {
  return new Proxy(target, {
    get: (object, key) => {
      if (typeof key === 'string' && Object.hasOwn(own, key)) return own[key];
      const value: unknown = Reflect.get(object, key, object);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}
