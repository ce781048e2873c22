import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { SallyportError } from '@sallyport/nestjs';
import type { ProductStore } from './product-store.ts';
import { productIdSchema, productSchema, type Product, type ProductPageRequest } from './product.ts';
import { seedProducts } from './seed-products.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS product (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE,
    description TEXT NOT NULL,
    priceCents INTEGER NOT NULL,
    currency TEXT NOT NULL,
    stock INTEGER NOT NULL,
    ownerId TEXT NOT NULL,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS product_by_name ON product (name, id);
`;

/** SQLite's busy, locked, out of memory, read-only, input/output error, corrupt, full and cannot open. */
const databaseFaults: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 11, 13, 14]);

/** How long a call waits for another process, in milliseconds. Nothing else happens meanwhile, so it is short. */
const busyMilliseconds = 250;

const columns = 'id, name, description, priceCents, currency, stock, ownerId, createdAt, updatedAt, version';

const orderings: Readonly<Record<ProductPageRequest['sort'], string>> = {
  name: 'name ASC, id ASC',
  '-name': 'name DESC, id DESC',
  priceCents: 'priceCents ASC, id ASC',
  '-priceCents': 'priceCents DESC, id DESC',
  createdAt: 'createdAt ASC, id ASC',
  '-createdAt': 'createdAt DESC, id DESC',
};

/** What SQLite says when the primary key is taken. */
const primaryKeyTaken = 1555;

/** Opens the SQLite file, or a database in memory, and fills it with the demo catalogue when it is new. */
export function createSqliteProductStore(file: string | undefined): ProductStore {
  if (file !== undefined) mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file ?? ':memory:', { timeout: busyMilliseconds });
  database.exec('PRAGMA journal_mode = WAL');
  const isNew = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'product'").get() === undefined;
  inTransaction(database, () => {
    database.exec(schema);
    if (isNew) for (const product of seedProducts(new Date())) insert(database, product);
  });

  return {
    list: ({ page, pageSize, sort }) =>
      answering(() => {
        // The ordering is one of the fixed texts above, never the caller's.
        const rows = database
          .prepare(`SELECT ${columns} FROM product ORDER BY ${orderings[sort]} LIMIT ? OFFSET ?`)
          .all(pageSize, (page - 1) * pageSize);
        const count = database.prepare('SELECT count(*) AS total FROM product').get();
        return { items: rows.map(toProduct), page, pageSize, total: Number(count?.['total']) };
      }),
    find: (id) =>
      answering(() => {
        const row = database.prepare(`SELECT ${columns} FROM product WHERE id = ?`).get(productIdSchema.parse(id));
        return row === undefined ? undefined : toProduct(row);
      }),
    insert: (product) => answering(() => insert(database, product)),
    replace: (product) =>
      answering(() => {
        const { changes } = database
          .prepare(
            `UPDATE product SET name = :name, description = :description, priceCents = :priceCents,
               currency = :currency, stock = :stock, updatedAt = :updatedAt, version = :version
             WHERE id = :id AND version = :version - 1`,
          )
          .run(toChangedRow(productSchema.parse(product)));
        return changes === 1;
      }),
    remove: (id) =>
      answering(
        () => database.prepare('DELETE FROM product WHERE id = ?').run(productIdSchema.parse(id)).changes === 1,
      ),
    ping: () => answering(() => void database.prepare('SELECT 1 FROM product LIMIT 1').get()),
    // Closing twice is no mistake.
    close: async () => (database.isOpen ? database.close() : undefined),
  };
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (cause) {
    database.exec('ROLLBACK');
    throw cause;
  }
}

function insert(database: DatabaseSync, product: Product): void {
  database
    .prepare(
      `INSERT INTO product (${columns})
       VALUES (:id, :name, :description, :priceCents, :currency, :stock, :ownerId, :createdAt, :updatedAt, :version)`,
    )
    .run({ ...productSchema.parse(product) });
}

/** What `UPDATE` may write: a product never changes its owner or its birthday. */
function toChangedRow(product: Product): Record<string, SQLInputValue> {
  const { id, name, description, priceCents, currency, stock, updatedAt, version } = product;
  return { id, name, description, priceCents, currency, stock, updatedAt, version };
}

function toProduct(row: Record<string, SQLOutputValue>): Product {
  return productSchema.parse(row);
}

/** A database that is busy, full or gone is no mistake of the caller: 503, and never 500 or a half-made change. */
async function answering<Result>(work: () => Result): Promise<Result> {
  try {
    return work();
  } catch (cause) {
    if (isDatabaseFault(cause)) throw new SallyportError('SP_STORE_UNAVAILABLE', { cause });
    if (isPrimaryKeyTaken(cause)) throw new SallyportError('SP_CONFLICT', { cause });
    throw cause;
  }
}

function isPrimaryKeyTaken(cause: unknown): boolean {
  return cause instanceof Error && 'errcode' in cause && cause.errcode === primaryKeyTaken;
}

function isDatabaseFault(cause: unknown): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return false;
  // What node:sqlite says when the database was closed.
  if (cause.code === 'ERR_INVALID_STATE') return true;
  // The low byte is the primary code; the rest says more precisely where.
  return 'errcode' in cause && typeof cause.errcode === 'number' && databaseFaults.has(cause.errcode & 0xff);
}
