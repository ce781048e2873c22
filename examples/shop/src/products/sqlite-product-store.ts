import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { answeringSqlite as answering, inTransaction, openSqlite, toSqliteValues } from '@sallyport/example-shop-kit';
import { createHoldTable, createSqliteHolds } from '../holds/sqlite-holds.ts';
import type { ProductScope, ProductStore } from './product-store.ts';
import { productIdSchema, productSchema, type Product, type ProductPageRequest } from './product.ts';
import { seedProducts } from './seed-products.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS product (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE,
    description TEXT NOT NULL,
    priceCents INTEGER NOT NULL,
    currency TEXT NOT NULL,
    stock INTEGER NOT NULL CHECK (stock >= 0),
    status TEXT NOT NULL DEFAULT 'published',
    ownerId TEXT NOT NULL,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS product_by_name ON product (name, id);
`;

const columns = 'id, name, description, priceCents, currency, stock, status, ownerId, createdAt, updatedAt, version';

const orderings: Readonly<Record<ProductPageRequest['sort'], string>> = {
  name: 'name ASC, id ASC',
  '-name': 'name DESC, id DESC',
  priceCents: 'priceCents ASC, id ASC',
  '-priceCents': 'priceCents DESC, id DESC',
  createdAt: 'createdAt ASC, id ASC',
  '-createdAt': 'createdAt DESC, id DESC',
};

/** Opens the SQLite file, or a database in memory, and fills it with the demo catalogue when it is new. */
export function createSqliteProductStore(file: string | undefined): ProductStore {
  const database = openSqlite(file);
  const isNew = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'product'").get() === undefined;
  inTransaction(database, () => {
    database.exec(schema);
    addStatus(database);
    createHoldTable(database);
    if (isNew) for (const product of seedProducts(new Date())) insert(database, product);
  });

  return {
    list: ({ page, pageSize, sort }, scope) =>
      answering(() => {
        const { where, values } = toSql(scope);
        // The ordering is one of the fixed texts above, never the caller's.
        const rows = database
          .prepare(`SELECT ${columns} FROM product WHERE ${where} ORDER BY ${orderings[sort]} LIMIT ? OFFSET ?`)
          .all(...values, pageSize, (page - 1) * pageSize);
        const count = database.prepare(`SELECT count(*) AS total FROM product WHERE ${where}`).get(...values);
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
               currency = :currency, stock = :stock, status = :status, updatedAt = :updatedAt, version = :version
             WHERE id = :id AND version = :version - 1`,
          )
          .run(toChangedRow(productSchema.parse(product)));
        return changes === 1;
      }),
    remove: (id) =>
      answering(
        () => database.prepare('DELETE FROM product WHERE id = ?').run(productIdSchema.parse(id)).changes === 1,
      ),
    ...createSqliteHolds(database),
    ping: () => answering(() => void database.prepare('SELECT 1 FROM product LIMIT 1').get()),
    // Closing twice is no mistake.
    close: async () => (database.isOpen ? database.close() : undefined),
  };
}

/** A file of an earlier version has products without a status: all of them were on sale. */
function addStatus(database: DatabaseSync): void {
  const hasStatus = database.prepare("SELECT 1 FROM pragma_table_info('product') WHERE name = 'status'").get();
  if (hasStatus === undefined) database.exec("ALTER TABLE product ADD COLUMN status TEXT NOT NULL DEFAULT 'published'");
}

function toSql({ readable, ownerId, ids }: ProductScope): {
  readonly where: string;
  readonly values: SQLInputValue[];
} {
  const { text, parameters } = readable.toSql({ dialect: 'sqlite' });
  const conditions = [
    { text, values: toSqliteValues(parameters) },
    ...(ownerId === undefined ? [] : [{ text: 'ownerId = ?', values: [ownerId] }]),
    ...(ids === undefined ? [] : [{ text: 'id IN (SELECT value FROM json_each(?))', values: [JSON.stringify(ids)] }]),
  ];
  return {
    where: conditions.map((condition) => condition.text).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  };
}

function insert(database: DatabaseSync, product: Product): void {
  database
    .prepare(
      `INSERT INTO product (${columns})
       VALUES (:id, :name, :description, :priceCents, :currency, :stock, :status, :ownerId, :createdAt, :updatedAt, :version)`,
    )
    .run({ ...productSchema.parse(product) });
}

/** What `UPDATE` may write: a product never changes its owner or its birthday. */
function toChangedRow(product: Product): Record<string, SQLInputValue> {
  const { id, name, description, priceCents, currency, stock, status, updatedAt, version } = product;
  return { id, name, description, priceCents, currency, stock, status, updatedAt, version };
}

function toProduct(row: Record<string, SQLOutputValue>): Product {
  return productSchema.parse(row);
}
