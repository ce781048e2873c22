import { trusted } from 'mongoose';
import type { ProductModel } from '../products/product-document.ts';
import type { HeldLine } from './hold.ts';

/** How many settled changes a product remembers, against a call that was asleep for long: it changes nothing any more. */
const rememberedMoves = 200;

/** Changes of the stock of one product, each of which happens once for an attempt, however often it is asked. */
export interface StockMoves {
  /** `false` where too few are left, it is not on sale at that price, or the attempt was undone. */
  take(attempt: string, line: HeldLine): Promise<boolean>;
  /** Gives back what the attempt took, if it did; from then on it takes nothing. */
  undoTake(attempt: string, line: HeldLine): Promise<void>;
  /** Gives back what was taken for sure. */
  give(attempt: string, line: HeldLine): Promise<void>;
  /** Says that no change of the attempt is asked for again. */
  settle(attempt: string, line: HeldLine): Promise<void>;
}

/**
 * A change and the note that it happened are one update of the product. Notes of changes that may be asked for again are
 * kept however many there are, and they are few: they go as soon as the hold is kept, undone or released.
 */
export function createStockMoves(products: ProductModel): StockMoves {
  const settled = (...moves: readonly string[]) => ({
    settledMoves: { $each: [...moves], $slice: -rememberedMoves },
  });

  return {
    async take(attempt, { productId, quantity, priceCents, currency }) {
      const move = `take:${attempt}`;
      const { matchedCount } = await products.updateOne(
        {
          _id: productId,
          status: 'published',
          priceCents,
          currency,
          stock: trusted({ $gte: quantity }),
          moves: trusted({ $ne: move }),
          settledMoves: trusted({ $ne: move }),
        },
        { $inc: { stock: -quantity, version: 1 }, $push: { moves: move } },
      );
      return matchedCount === 1 || (await products.exists({ _id: productId, moves: move })) !== null;
    },
    async undoTake(attempt, { productId, quantity }) {
      const move = `take:${attempt}`;
      // First, so that a take that is still on its way finds it.
      await products.updateOne({ _id: productId, settledMoves: trusted({ $ne: move }) }, { $push: settled(move) });
      await products.updateOne(
        { _id: productId, moves: move },
        { $inc: { stock: quantity, version: 1 }, $pull: { moves: move } },
      );
    },
    async give(attempt, { productId, quantity }) {
      const move = `give:${attempt}`;
      await products.updateOne(
        { _id: productId, moves: trusted({ $ne: move }), settledMoves: trusted({ $ne: move }) },
        { $inc: { stock: quantity, version: 1 }, $push: { moves: move } },
      );
    },
    async settle(attempt, { productId }) {
      for (const move of [`take:${attempt}`, `give:${attempt}`]) {
        await products.updateOne({ _id: productId, moves: move }, { $pull: { moves: move }, $push: settled(move) });
      }
    },
  };
}
