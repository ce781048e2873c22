import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { answeringSqlite as answering, inTransaction } from '@sallyport/example-shop-kit';
import { SallyportError } from '@sallyport/nestjs';
import type { ProductStore } from '../products/product-store.ts';
import { heldLinesSchema, holdIdSchema, type HeldLine, type Hold, type HoldOutcome } from './hold.ts';

type Row = Record<string, SQLOutputValue>;

/** How many overdue holds one transaction gives back. Another writer waits so long. */
const overdueAtOnce = 100;

/** `expiresAt` is null for a hold that is kept, and for one that was released. */
const schema = `
  CREATE TABLE IF NOT EXISTS hold (
    id TEXT PRIMARY KEY,
    buyerId TEXT NOT NULL,
    lines TEXT NOT NULL,
    isReleased INTEGER NOT NULL DEFAULT 0,
    expiresAt TEXT
  ) STRICT;
`;

/** Ends a transaction in which not all could be taken. */
class ShortError extends Error {
  readonly productId: string;

  constructor(productId: string) {
    super('too few are left');
    this.productId = productId;
  }
}

/** Makes the table of holds, within a transaction of the caller. */
export function createHoldTable(database: DatabaseSync): void {
  database.exec(schema);
  const hasExpiry = database.prepare("SELECT 1 FROM pragma_table_info('hold') WHERE name = 'expiresAt'").get();
  // Holds of a file of before belong to orders.
  if (hasExpiry === undefined) database.exec('ALTER TABLE hold ADD COLUMN expiresAt TEXT');
  database.exec('CREATE INDEX IF NOT EXISTS hold_by_expiry ON hold (expiresAt) WHERE expiresAt IS NOT NULL');
}

/** Holds beside the products, in the same SQLite database: each is one transaction. */
export function createSqliteHolds(
  database: DatabaseSync,
): Pick<ProductStore, 'hold' | 'findHold' | 'keepHold' | 'releaseOverdueHolds' | 'releaseHold'> {
  const find = (id: string): Row | undefined =>
    database.prepare('SELECT id, buyerId, lines, isReleased, expiresAt FROM hold WHERE id = ?').get(id);

  const takeLine = ({ productId, quantity, priceCents, currency }: HeldLine): void => {
    const { changes } = database
      .prepare(
        `UPDATE product SET stock = stock - :quantity, version = version + 1
         WHERE id = :productId AND stock >= :quantity AND status = 'published'
           AND priceCents = :priceCents AND currency = :currency`,
      )
      .run({ productId, quantity, priceCents, currency });
    if (changes !== 1) throw new ShortError(productId);
  };

  const giveBack = (row: Row): void => {
    const give = database.prepare('UPDATE product SET stock = stock + ?, version = version + 1 WHERE id = ?');
    for (const { productId, quantity } of toHold(row).lines) give.run(quantity, productId);
  };

  /** Nothing is left of it: the same id may be held anew. */
  const end = (row: Row): void => {
    giveBack(row);
    database.prepare('DELETE FROM hold WHERE id = ?').run(String(row['id']));
  };

  return {
    hold: (hold, until) =>
      answering((): HoldOutcome => {
        try {
          return inTransaction(database, () => {
            const row = find(hold.id);
            if (row !== undefined && isOverdue(row)) end(row);
            else if (row !== undefined) return { kind: 'held', hold: requireHeld(row) };
            database
              .prepare('INSERT INTO hold (id, buyerId, lines, expiresAt) VALUES (?, ?, ?, ?)')
              .run(hold.id, hold.buyerId, JSON.stringify(hold.lines), until.toISOString());
            for (const line of hold.lines) takeLine(line);
            return { kind: 'held', hold };
          });
        } catch (cause) {
          if (cause instanceof ShortError) return { kind: 'short', productId: cause.productId };
          throw cause;
        }
      }),
    findHold: (id) =>
      answering(() => {
        const row = find(holdIdSchema.parse(id));
        return row === undefined || row['isReleased'] === 1 || isOverdue(row) ? undefined : toHold(row);
      }),
    keepHold: (id, buyerId) =>
      answering(() => {
        const { changes } = database
          .prepare(
            `UPDATE hold SET expiresAt = NULL
             WHERE id = ? AND buyerId = ? AND isReleased = 0 AND (expiresAt IS NULL OR expiresAt > ?)`,
          )
          .run(holdIdSchema.parse(id), buyerId, new Date().toISOString());
        return changes === 1;
      }),
    releaseOverdueHolds: () =>
      answering(() =>
        inTransaction(database, () => {
          const overdue = database
            .prepare('SELECT id, buyerId, lines FROM hold WHERE expiresAt <= ? ORDER BY expiresAt LIMIT ?')
            .all(new Date().toISOString(), overdueAtOnce);
          overdue.forEach(end);
          return overdue.length;
        }),
      ),
    releaseHold: (id, buyerId) =>
      answering(() =>
        inTransaction(database, () => {
          const released = database
            .prepare(
              `UPDATE hold SET isReleased = 1, expiresAt = NULL
               WHERE id = ? AND isReleased = 0 AND buyerId = coalesce(?, buyerId)`,
            )
            .run(holdIdSchema.parse(id), buyerId ?? null);
          const row = find(id);
          if (released.changes === 1 && row !== undefined) giveBack(row);
        }),
      ),
  };
}

function isOverdue({ expiresAt }: Row): boolean {
  return typeof expiresAt === 'string' && expiresAt <= new Date().toISOString();
}

function requireHeld(row: Row): Hold {
  if (row['isReleased'] === 1) throw new SallyportError('SP_CONFLICT', { reason: 'hold-was-released' });
  return toHold(row);
}

function toHold(row: Row): Hold {
  const lines = heldLinesSchema.parse(JSON.parse(String(row['lines'])));
  return { id: String(row['id']), buyerId: String(row['buyerId']), lines };
}
