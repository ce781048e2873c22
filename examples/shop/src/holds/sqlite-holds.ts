import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { answeringSqlite as answering, inTransaction } from '@sallyport/example-shop-kit';
import { SallyportError } from '@sallyport/nestjs';
import type { ProductStore } from '../products/product-store.ts';
import { heldLinesSchema, holdIdSchema, type HeldLine, type Hold, type HoldOutcome } from './hold.ts';

/** Ends a transaction in which not all could be taken. */
class ShortError extends Error {
  readonly productId: string;

  constructor(productId: string) {
    super('too few are left');
    this.productId = productId;
  }
}

/** Holds beside the products, in the same SQLite database: each is one transaction. */
export function createSqliteHolds(database: DatabaseSync): Pick<ProductStore, 'hold' | 'findHold' | 'releaseHold'> {
  const find = (id: string): Record<string, SQLOutputValue> | undefined =>
    database.prepare('SELECT id, buyerId, lines, isReleased FROM hold WHERE id = ?').get(holdIdSchema.parse(id));

  const takeLine = ({ productId, quantity }: HeldLine): void => {
    const { changes } = database
      .prepare(
        `UPDATE product SET stock = stock - :quantity, version = version + 1
         WHERE id = :productId AND stock >= :quantity AND status = 'published'`,
      )
      .run({ productId, quantity });
    if (changes !== 1) throw new ShortError(productId);
  };

  return {
    hold: (hold) =>
      answering((): HoldOutcome => {
        try {
          return inTransaction(database, () => {
            const row = find(hold.id);
            if (row !== undefined) return { kind: 'held', hold: requireHeld(row) };
            database
              .prepare('INSERT INTO hold (id, buyerId, lines) VALUES (?, ?, ?)')
              .run(hold.id, hold.buyerId, JSON.stringify(hold.lines));
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
        const row = find(id);
        return row === undefined || row['isReleased'] === 1 ? undefined : toHold(row);
      }),
    releaseHold: (id, buyerId) =>
      answering(() =>
        inTransaction(database, () => {
          const released = database
            .prepare(
              'UPDATE hold SET isReleased = 1 WHERE id = ? AND isReleased = 0 AND buyerId = coalesce(?, buyerId)',
            )
            .run(holdIdSchema.parse(id), buyerId ?? null);
          const row = find(id);
          if (released.changes !== 1 || row === undefined) return;
          const giveBack = database.prepare('UPDATE product SET stock = stock + ?, version = version + 1 WHERE id = ?');
          for (const { productId, quantity } of toHold(row).lines) giveBack.run(quantity, productId);
        }),
      ),
  };
}

function requireHeld(row: Record<string, SQLOutputValue>): Hold {
  if (row['isReleased'] === 1) throw new SallyportError('SP_CONFLICT', { reason: 'hold-was-released' });
  return toHold(row);
}

function toHold(row: Record<string, SQLOutputValue>): Hold {
  const lines = heldLinesSchema.parse(JSON.parse(String(row['lines'])));
  return { id: String(row['id']), buyerId: String(row['buyerId']), lines };
}
