import { OptionsError, isDuplicateRow, isStoreFault, storeFaultWordOf } from '@sallyport/core';
import type { MongoDb, MongoHandle } from './database-handle.ts';
import type { IdentitySchema } from './identity-schema.ts';
import { refuseProblems, type MigrationPlan } from './migration-plan.ts';
import { indexesOf, tablesOf, type SchemaIndex } from './schema-tables.ts';

/** What a database can do. Only those that speak the protocol of MongoDB differ. */
export interface DatabaseAbilities {
  /** A replica set or a sharded cluster: several writes become durable together or not at all. */
  readonly hasTransactions: boolean;
  /**
   * Whether an update with a condition is one step. FerretDB 1 reads first and writes afterwards, so that of two that
   * compare and set at the same moment both may win.
   */
  readonly hasAtomicUpdates: boolean;
}

interface ExistingIndex {
  readonly key: Readonly<Record<string, unknown>>;
  readonly unique?: boolean;
  readonly name?: string;
}

/** Partial filters that match every stored value and skip what is absent or `null`; the same as Better Auth's, so that both mean one index. */
const valueFilters = {
  string: { $gte: '' },
  number: { $gte: Number.NEGATIVE_INFINITY },
  date: { $gte: new Date(-8_640_000_000_000_000) },
  boolean: { $type: 'bool' },
} as const;

const namespaceExists = 48;
const namespaceNotFound = 26;
/** FerretDB: an option of an index is not implemented. */
const notImplemented = 238;
/** An index with the same key or name and other options exists. */
const indexConflicts: ReadonlySet<number> = new Set([85, 86]);

/** Asks the server what it can do. */
export async function readMongoAbilities({ client, databaseName }: MongoHandle): Promise<DatabaseAbilities> {
  const db = client.db(databaseName);
  const hello = await db.command({ hello: 1 });
  const build = await db.command({ buildInfo: 1 });
  return {
    hasTransactions: typeof hello['setName'] === 'string' || hello['msg'] === 'isdbgrid',
    hasAtomicUpdates: isAtomic(build['ferretdbVersion']),
  };
}

/** MongoDB has no such version. A FerretDB that was built as a module calls its own "unknown", which may be 1. */
function isAtomic(ferretdbVersion: unknown): boolean {
  if (ferretdbVersion === undefined) return true;
  return typeof ferretdbVersion === 'string' && /^v?(?:[2-9]|\d{2,})\./.test(ferretdbVersion);
}

/** Reads which collections and indexes a MongoDB lacks. Writes nothing. */
export async function planMongo({ client, databaseName }: MongoHandle, schema: IdentitySchema): Promise<MigrationPlan> {
  const db = client.db(databaseName);
  const existing = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  const missing: SchemaIndex[] = [];
  for (const table of tablesOf(schema)) {
    const wanted = indexesOf(schema).filter((index) => index.table === table);
    const present = existing.has(table) ? await listIndexes(db, table) : [];
    missing.push(...wanted.filter((index) => !present.some((candidate) => isSame(candidate, index))));
  }
  return {
    database: 'mongodb',
    tables: tablesOf(schema).filter((table) => !existing.has(table)),
    columns: [],
    indexes: missing.map(({ table, columns, unique }) => ({ table, columns, unique })),
    statements: [],
    problems: await findDuplicates(db, existing, missing),
  };
}

/** Values that a unique index would not let in twice. It is the database that compares them, by the rules of the index. */
async function findDuplicates(
  db: MongoDb,
  existing: ReadonlySet<string>,
  missing: readonly SchemaIndex[],
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const index of missing) {
    const { table, columns, unique } = index;
    if (!unique || !existing.has(table) || !(await hasDuplicates(db, index))) continue;
    problems.push(
      `several documents of the collection ${table} hold the same value in the field ${columns.join(', ')}, which must be unique.`,
    );
  }
  return problems;
}

async function hasDuplicates(db: MongoDb, index: SchemaIndex): Promise<boolean> {
  const [column, ...others] = index.columns;
  // No unique index of ours is on several fields; of one that is, making it says the same.
  if (column === undefined || others.length > 0) return false;
  const repeated = await db
    .collection(index.table)
    .aggregate(
      [
        { $match: partialFilterOf(index) ?? {} },
        // What is absent is null to this, as to the index.
        { $group: { _id: `$${column}`, count: { $sum: 1 } } },
        { $match: { count: { $gt: 1 } } },
        { $limit: 1 },
      ],
      { allowDiskUse: true },
    )
    .toArray();
  return repeated.length > 0;
}

/** The documents that the index of an optional value covers; `undefined` for all. */
function partialFilterOf({ columns: [column], optionalType }: SchemaIndex): Record<string, object> | undefined {
  return optionalType === undefined || column === undefined ? undefined : { [column]: valueFilters[optionalType] };
}

/**
 * Makes the collections and indexes that a MongoDB lacks, one process at a time. A unique index that cannot be made stops
 * the start: without it two accounts could have one address.
 */
export function migrateMongo(handle: MongoHandle, schema: IdentitySchema): Promise<MigrationPlan> {
  return handle.withLock('migration', async () => {
    const plan = await planMongo(handle, schema);
    refuseProblems(plan);
    const db = handle.client.db(handle.databaseName);
    for (const table of plan.tables) await makeCollection(db, table);
    const missing = indexesOf(schema).filter((index) =>
      plan.indexes.some(({ table, columns }) => table === index.table && columns.join() === index.columns.join()),
    );
    for (const index of missing) await makeIndex(db, index);
    return plan;
  });
}

async function listIndexes(db: MongoDb, table: string): Promise<readonly ExistingIndex[]> {
  try {
    const indexes: readonly ExistingIndex[] = await db.collection(table).listIndexes().toArray();
    return indexes;
  } catch (error) {
    if (codeOf(error) === namespaceNotFound) return [];
    throw error;
  }
}

function isSame(existing: ExistingIndex, wanted: SchemaIndex): boolean {
  return Object.keys(existing.key).join() === wanted.columns.join() && (existing.unique === true || !wanted.unique);
}

async function makeCollection(db: MongoDb, table: string): Promise<void> {
  try {
    await db.createCollection(table);
  } catch (error) {
    if (codeOf(error) !== namespaceExists) throw error;
  }
}

async function makeIndex(db: MongoDb, index: SchemaIndex): Promise<void> {
  const { table, columns, unique, name, optionalType } = index;
  const key = Object.fromEntries(columns.map((column) => [column, 1 as const]));
  const partialFilterExpression = partialFilterOf(index);
  const partial = partialFilterExpression === undefined ? {} : { partialFilterExpression };
  try {
    try {
      await db.collection(table).createIndex(key, { name, unique, ...partial }, {});
    } catch (error) {
      if (codeOf(error) !== notImplemented || optionalType === undefined) throw error;
      // Without partial indexes: absent values do not collide, and ours are absent instead of null.
      await db.collection(table).createIndex(key, { name, unique }, {});
    }
  } catch (error) {
    if (isStoreFault(error)) throw error;
    throw new OptionsError(explain(error, index), 'SP_OPTIONS_DATA_UNUSABLE', { cause: error });
  }
}

function explain(error: unknown, { table, columns, unique, name }: SchemaIndex): string {
  const place = `the index ${name} on the field ${columns.join(', ')} of the collection ${table}`;
  if (isDuplicateRow(error))
    return `MongoDB could not make ${place}, because several documents hold the same value there. Find them, keep one of each, and start again.`;
  if (indexConflicts.has(codeOf(error) ?? 0))
    return `MongoDB could not make ${place}, because another index with the same key or name has other options. Drop that index, and start again.`;
  const hint = unique ? ' Look whether several documents hold the same value there, and' : ' Look';
  return `MongoDB could not make ${place} (${storeFaultWordOf(error)}).${hint} whether the database user may create indexes; then start again.`;
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}
