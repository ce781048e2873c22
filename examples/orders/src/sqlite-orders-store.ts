import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { answeringSqlite as answering, openSqlite, toSqliteValues } from '@sallyport/example-shop-kit';
import { cartLinesSchema, type Cart } from './carts/cart.ts';
import { orderIdSchema, orderSchema, type Order } from './orders/order.ts';
import type { OrderScope, OrdersStore } from './orders-store.ts';
import { payoutSchema } from './payouts/payout.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS carts (
    userId TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    firstId TEXT NOT NULL,
    lines TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    buyerId TEXT NOT NULL,
    state TEXT NOT NULL,
    lines TEXT NOT NULL,
    vendorIds TEXT NOT NULL,
    totalCents INTEGER NOT NULL,
    currency TEXT NOT NULL,
    chargeId TEXT,
    createdAt TEXT NOT NULL,
    updatedAt TEXT NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS orders_by_buyer ON orders (buyerId, createdAt);
  CREATE INDEX IF NOT EXISTS orders_by_time ON orders (createdAt, id);
  CREATE TABLE IF NOT EXISTS payout (
    vendorId TEXT PRIMARY KEY,
    accountHolder TEXT NOT NULL,
    iban TEXT NOT NULL,
    updatedAt TEXT NOT NULL
  ) STRICT;
`;

const columns =
  'id, buyerId, state, lines, vendorIds, totalCents, currency, chargeId, createdAt, updatedAt, version' as const;

/** Opens the SQLite file, or a database in memory. */
export function createSqliteOrdersStore(file: string | undefined): OrdersStore {
  const database = openSqlite(file);
  database.exec(schema);

  return {
    findCart: (userId) =>
      answering(() => {
        const row = database.prepare('SELECT userId, id, firstId, lines FROM carts WHERE userId = ?').get(userId);
        return row === undefined ? undefined : toCart(row);
      }),
    putCart: ({ userId, id, firstId, lines }, before) =>
      answering(() => {
        const row = { userId, id, firstId, lines: JSON.stringify(cartLinesSchema.parse(lines)) };
        const { changes } =
          before === undefined
            ? database
                .prepare(
                  `INSERT INTO carts (userId, id, firstId, lines) VALUES (:userId, :id, :firstId, :lines)
                   ON CONFLICT DO NOTHING`,
                )
                .run(row)
            : database
                .prepare(
                  `UPDATE carts SET id = :id, firstId = :firstId, lines = :lines
                   WHERE userId = :userId AND id = :before`,
                )
                .run({ ...row, before });
        return changes === 1;
      }),
    removeCart: (userId, cartId) =>
      answering(() => {
        const remove = 'DELETE FROM carts WHERE userId = ? AND id = ?';
        return database.prepare(remove).run(userId, cartId).changes === 1;
      }),
    insertOrder: (order) =>
      answering(() => {
        const { lines, vendorIds, ...values } = orderSchema.parse(order);
        database
          .prepare(
            `INSERT INTO orders (${columns}) VALUES (:id, :buyerId, :state, :lines, :vendorIds, :totalCents, :currency,
               :chargeId, :createdAt, :updatedAt, :version)`,
          )
          .run({ ...values, lines: JSON.stringify(lines), vendorIds: JSON.stringify(vendorIds) });
      }),
    findOrder: (id) =>
      answering(() => {
        const row = database.prepare(`SELECT ${columns} FROM orders WHERE id = ?`).get(orderIdSchema.parse(id));
        return row === undefined ? undefined : toOrder(row);
      }),
    listOrders: ({ page, pageSize }, scope) =>
      answering(() => {
        const { where, values } = toSql(scope);
        const rows = database
          .prepare(`SELECT ${columns} FROM orders WHERE ${where} ORDER BY createdAt DESC, id DESC LIMIT ? OFFSET ?`)
          .all(...values, pageSize, (page - 1) * pageSize);
        const count = database.prepare(`SELECT count(*) AS total FROM orders WHERE ${where}`).get(...values);
        return { items: rows.map(toOrder), page, pageSize, total: Number(count?.['total']) };
      }),
    countOpenOrders: (buyerId) =>
      answering(() => {
        const count = "SELECT count(*) AS total FROM orders WHERE buyerId = ? AND state = 'open'";
        return Number(database.prepare(count).get(buyerId)?.['total']);
      }),
    replaceOrder: (order) =>
      answering(() => {
        const { id, state, chargeId, updatedAt, version } = orderSchema.parse(order);
        const { changes } = database
          .prepare(
            `UPDATE orders SET state = :state, chargeId = :chargeId, updatedAt = :updatedAt, version = :version
             WHERE id = :id AND version = :version - 1`,
          )
          .run({ id, state, chargeId, updatedAt, version });
        return changes === 1;
      }),
    findPayout: (vendorId) =>
      answering(() => {
        const find = 'SELECT vendorId, accountHolder, iban, updatedAt FROM payout WHERE vendorId = ?';
        const row = database.prepare(find).get(vendorId);
        return row === undefined ? undefined : payoutSchema.parse(row);
      }),
    putPayout: (payout) =>
      answering(() => {
        database
          .prepare(
            `INSERT INTO payout (vendorId, accountHolder, iban, updatedAt) VALUES (:vendorId, :accountHolder, :iban, :updatedAt)
             ON CONFLICT (vendorId) DO UPDATE SET accountHolder = :accountHolder, iban = :iban, updatedAt = :updatedAt`,
          )
          .run({ ...payoutSchema.parse(payout) });
      }),
    ping: () => answering(() => void database.prepare('SELECT 1 FROM orders LIMIT 1').get()),
    // Closing twice is no mistake.
    close: async () => (database.isOpen ? database.close() : undefined),
  };
}

function toSql({ readable, buyerId }: OrderScope): { readonly where: string; readonly values: SQLInputValue[] } {
  const { text, parameters } = readable.toSql({ dialect: 'sqlite' });
  return buyerId === undefined
    ? { where: text, values: toSqliteValues(parameters) }
    : { where: `${text} AND buyerId = ?`, values: [...toSqliteValues(parameters), buyerId] };
}

function toCart({ userId, id, firstId, lines }: Record<string, SQLOutputValue>): Cart {
  return {
    userId: String(userId),
    id: String(id),
    firstId: String(firstId),
    lines: cartLinesSchema.parse(JSON.parse(String(lines))),
  };
}

function toOrder({ lines, vendorIds, ...values }: Record<string, SQLOutputValue>): Order {
  return orderSchema.parse({
    ...values,
    lines: JSON.parse(String(lines)) as unknown,
    vendorIds: JSON.parse(String(vendorIds)) as unknown,
  });
}
