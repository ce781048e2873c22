import { randomUUID } from 'node:crypto';
import { answeringMongo as answering, isDuplicateKey } from '@sallyport/example-shop-kit';
import { SallyportError } from '@sallyport/nestjs';
import { trusted } from 'mongoose';
import type { ProductModel } from '../products/product-document.ts';
import type { ProductStore } from '../products/product-store.ts';
import type { HoldDocument, HoldModel } from './hold-document.ts';
import { heldLinesSchema, holdIdSchema, type HeldLine, type Hold, type HoldOutcome } from './hold.ts';
import { createStockMoves } from './stock-moves.ts';

/** A call takes its lines within this time, or gives up. */
const takeMilliseconds = 30_000;
/** After this long a call that takes a hold has ended for sure: what it took may be given back. */
const leftBehindMilliseconds = 120_000;
/** How many overdue holds are given back in one go. */
const overdueAtOnce = 100;

/**
 * Holds where there may be no transactions. A product remembers which holds are changing its stock, so that each line is
 * taken and given back once, by one atomic change; what a hold took that came up short, or whose call died, comes back.
 */
export function createMongoHolds(
  holds: HoldModel,
  products: ProductModel,
): Pick<ProductStore, 'hold' | 'findHold' | 'keepHold' | 'releaseOverdueHolds' | 'releaseHold'> {
  const moves = createStockMoves(products);

  /** Makes the hold; one of that id that is there already is returned, or ended where nothing came of it. */
  const claim = async (claimed: HoldDocument): Promise<HoldDocument> => {
    for (;;) {
      try {
        await holds.create([{ ...claimed, lines: [...claimed.lines] }]);
        return claimed;
      } catch (cause) {
        if (!isDuplicateKey(cause)) throw cause;
      }
      const found = await holds.findOne({ _id: claimed._id }).lean();
      if (found === null) continue;
      if (found.state === 'kept' || isHeldNow(found)) return found;
      if (!isOver(found)) throw new SallyportError('SP_CONFLICT', { reason: 'hold-in-progress-or-released' });
      await undo(found);
    }
  };

  /** Gives back what was taken, by the attempt that took it, and forgets the hold. Repeated, it does what was left undone. */
  const undo = async ({ _id, attempt, state, lines }: HoldDocument): Promise<boolean> => {
    // One that is kept meanwhile has another state.
    const { matchedCount } = await holds.updateOne({ _id, attempt, state }, { $set: { state: 'undoing' } });
    if (matchedCount !== 1) return false;
    for (const line of lines) await moves.undoTake(attempt, line);
    await holds.deleteOne({ _id, attempt, state: 'undoing' });
    return true;
  };

  /** Gives back what was sold. Each product does so once, also where this stopped half-way and is gone through again. */
  const giveBack = async ({ _id, attempt, lines }: HoldDocument): Promise<void> => {
    for (const line of lines) await moves.give(attempt, line);
    await holds.updateOne({ _id, attempt, state: 'returning' }, { $set: { state: 'released' } });
    for (const line of lines) await moves.settle(attempt, line);
  };

  const keep = async (condition: { readonly _id: string; readonly buyerId?: string }): Promise<boolean> => {
    const kept = await holds
      .findOneAndUpdate(
        { ...condition, state: 'held', expiresAt: trusted({ $gt: new Date() }) },
        { $set: { state: 'kept' } },
      )
      .lean();
    if (kept === null) return (await holds.exists({ ...condition, state: 'kept' })) !== null;
    for (const line of kept.lines) await moves.settle(kept.attempt, line);
    return true;
  };

  return {
    hold: async (hold, until) =>
      answering(async (): Promise<HoldOutcome> => {
        const giveUpAt = performance.now() + takeMilliseconds;
        const attempt = randomUUID();
        const { id: _id, buyerId, lines } = hold;
        const times = { attemptedAt: new Date(), expiresAt: until };
        const claimed = await claim({ _id, buyerId, lines, state: 'taking', attempt, ...times });
        if (claimed.attempt !== attempt) return { kind: 'held', hold: toHold(claimed) };
        const short = await firstShort(lines, async (line) => {
          if (performance.now() > giveUpAt)
            throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'hold-too-slow' });
          return moves.take(attempt, line);
        });
        if (short !== undefined) {
          await undo(claimed);
          return { kind: 'short', productId: short.productId };
        }
        const { matchedCount } = await holds.updateOne({ _id, attempt, state: 'taking' }, { $set: { state: 'held' } });
        if (matchedCount !== 1) throw new SallyportError('SP_CONFLICT', { reason: 'hold-was-given-back' });
        return { kind: 'held', hold };
      }),
    findHold: async (id) =>
      answering(async () => {
        const found = await holds.findOne({ _id: holdIdSchema.parse(id) }).lean();
        return found !== null && (found.state === 'kept' || isHeldNow(found)) ? toHold(found) : undefined;
      }),
    keepHold: async (id, buyerId) => answering(async () => keep({ _id: holdIdSchema.parse(id), buyerId })),
    releaseOverdueHolds: async () =>
      answering(async () => {
        const open: HoldDocument['state'][] = ['taking', 'held', 'undoing', 'returning'];
        const found = await holds
          .find({ state: trusted({ $in: open }), expiresAt: trusted({ $lte: new Date() }) })
          .sort({ expiresAt: 1 })
          .limit(overdueAtOnce)
          .lean();
        let count = 0;
        for (const hold of found) {
          if (hold.state === 'returning') await giveBack(hold);
          else if (isOver(hold) && (await undo(hold))) count += 1;
        }
        return count;
      }),
    releaseHold: async (id, buyerId) =>
      answering(async () => {
        const condition = { _id: holdIdSchema.parse(id), ...(buyerId === undefined ? {} : { buyerId }) };
        // What is given back is what was sold: a hold that waits for its order is sold to it first.
        await keep(condition);
        const isReleasable = trusted({ $in: ['kept', 'returning'] satisfies HoldDocument['state'][] });
        const found = await holds
          .findOneAndUpdate({ ...condition, state: isReleasable }, { $set: { state: 'returning' } })
          .lean();
        if (found !== null) await giveBack(found);
      }),
  };
}

async function firstShort(
  lines: readonly HeldLine[],
  take: (line: HeldLine) => Promise<boolean>,
): Promise<HeldLine | undefined> {
  for (const line of lines) if (!(await take(line))) return line;
  return undefined;
}

function isHeldNow({ state, expiresAt }: HoldDocument): boolean {
  return state === 'held' && expiresAt > new Date();
}

/** Nothing will come of it: its time is over, it is being given back, or the call that took it has ended. */
function isOver({ state, expiresAt, attemptedAt }: HoldDocument): boolean {
  if (state === 'taking') return Date.now() - attemptedAt.getTime() > leftBehindMilliseconds;
  return state === 'undoing' || (state === 'held' && expiresAt <= new Date());
}

function toHold({ _id: id, buyerId, lines }: HoldDocument): Hold {
  return { id, buyerId, lines: heldLinesSchema.parse(lines) };
}
