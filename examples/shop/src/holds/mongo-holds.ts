import { randomUUID } from 'node:crypto';
import { answeringMongo as answering, isDuplicateKey } from '@sallyport/example-shop-kit';
import { SallyportError } from '@sallyport/nestjs';
import { Schema, trusted, type Connection } from 'mongoose';
import type { ProductModel } from '../products/product-document.ts';
import type { ProductStore } from '../products/product-store.ts';
import { heldLinesSchema, holdIdSchema, type HeldLine, type Hold, type HoldOutcome } from './hold.ts';

/** A hold as MongoDB keeps it. The attempt belongs to the call that takes it. */
interface HoldDocument {
  readonly _id: string;
  readonly buyerId: string;
  readonly lines: readonly HeldLine[];
  readonly state: 'taking' | 'held' | 'releasing' | 'released';
  readonly attempt: string;
  readonly attemptedAt: Date;
}

/** After this long a call that takes a hold has ended, however many lines it had: another one may go on with it. */
const attemptMilliseconds = 120_000;
/** How many changes of its stock a product remembers. A change is repeated within seconds, or not at all. */
const rememberedMoves = 200;

const text = { type: String, required: true } as const;
const holdDocumentSchema = new Schema<HoldDocument>(
  {
    _id: text,
    buyerId: text,
    lines: { type: Schema.Types.Mixed, required: true },
    state: text,
    attempt: text,
    attemptedAt: { type: Date, required: true },
  },
  {
    strict: 'throw',
    strictQuery: 'throw',
    autoCreate: false,
    autoIndex: false,
    collection: 'holds',
    versionKey: false,
  },
);

/**
 * Holds where there may be no transactions: a product remembers which holds changed its stock, so that each line is taken
 * and given back once, by one atomic change. A hold that came up short gives back what it took.
 */
export function createMongoHolds(
  connection: Connection,
  products: ProductModel,
): Pick<ProductStore, 'hold' | 'findHold' | 'releaseHold'> {
  const holds = connection.model('Hold', holdDocumentSchema);

  /** Makes the hold, or goes on with one that was left behind. What was held already is returned. */
  const claim = async (hold: Hold, attempt: string): Promise<HoldDocument> => {
    const claimed = { _id: hold.id, buyerId: hold.buyerId, lines: hold.lines, state: 'taking', attempt } as const;
    try {
      await holds.create([{ ...claimed, attemptedAt: new Date() }]);
      return { ...claimed, attemptedAt: new Date() };
    } catch (cause) {
      if (!isDuplicateKey(cause)) throw cause;
    }
    const found = await holds.findOne({ _id: hold.id }).lean();
    if (found?.state === 'held') return found;
    const isLeftBehind = found?.state === 'taking' && Date.now() - found.attemptedAt.getTime() > attemptMilliseconds;
    if (found === null || !isLeftBehind)
      throw new SallyportError('SP_CONFLICT', { reason: 'hold-in-progress-or-released' });
    const { matchedCount } = await holds.updateOne(
      { _id: hold.id, attempt: found.attempt },
      { $set: { attempt, attemptedAt: new Date() } },
    );
    if (matchedCount !== 1) throw new SallyportError('SP_CONFLICT', { reason: 'hold-in-progress' });
    return { ...found, attempt };
  };

  const takeLine = async (id: string, { productId, quantity }: HeldLine): Promise<boolean> => {
    const move = `take:${id}`;
    const { matchedCount } = await products.updateOne(
      {
        _id: productId,
        status: 'published',
        stock: trusted({ $gte: quantity }),
        moves: trusted({ $ne: move }),
      },
      { $inc: { stock: -quantity, version: 1 }, $push: { moves: { $each: [move], $slice: -rememberedMoves } } },
    );
    return matchedCount === 1 || (await products.exists({ _id: productId, moves: move })) !== null;
  };

  const undo = async ({ _id: id, attempt, lines }: HoldDocument): Promise<void> => {
    for (const { productId, quantity } of lines) {
      const move = `take:${id}`;
      await products.updateOne(
        { _id: productId, moves: move },
        { $inc: { stock: quantity, version: 1 }, $pull: { moves: move } },
      );
    }
    await holds.deleteOne({ _id: id, attempt });
  };

  return {
    hold: async (hold) =>
      answering(async (): Promise<HoldOutcome> => {
        const attempt = randomUUID();
        const claimed = await claim(hold, attempt);
        if (claimed.attempt !== attempt) return { kind: 'held', hold: toHold(claimed) };
        for (const line of claimed.lines) {
          if (await takeLine(claimed._id, line)) continue;
          await undo(claimed);
          return { kind: 'short', productId: line.productId };
        }
        await holds.updateOne({ _id: claimed._id, attempt }, { $set: { state: 'held' } });
        return { kind: 'held', hold: toHold(claimed) };
      }),
    findHold: async (id) =>
      answering(async () => {
        const found = await holds.findOne({ _id: holdIdSchema.parse(id), state: 'held' }).lean();
        return found === null ? undefined : toHold(found);
      }),
    releaseHold: async (id, buyerId) =>
      answering(async () => {
        const _id = holdIdSchema.parse(id);
        const ofBuyer = buyerId === undefined ? {} : { buyerId };
        // One that stopped half-way is gone through again: each product gives back once.
        const isReleasable = trusted({ $in: ['held', 'releasing'] satisfies HoldDocument['state'][] });
        const found = await holds
          .findOneAndUpdate({ _id, ...ofBuyer, state: isReleasable }, { $set: { state: 'releasing' } })
          .lean();
        if (found === null) return;
        const move = `give:${id}`;
        for (const { productId, quantity } of found.lines) {
          await products.updateOne(
            { _id: productId, moves: trusted({ $ne: move }) },
            { $inc: { stock: quantity, version: 1 }, $push: { moves: { $each: [move], $slice: -rememberedMoves } } },
          );
        }
        await holds.updateOne({ _id: id, state: 'releasing' }, { $set: { state: 'released' } });
      }),
  };
}

function toHold({ _id: id, buyerId, lines }: HoldDocument): Hold {
  return { id, buyerId, lines: heldLinesSchema.parse(lines) };
}
