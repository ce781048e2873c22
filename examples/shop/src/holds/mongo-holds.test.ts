import { randomUUID } from 'node:crypto';
import { createConnection, type Connection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMongoProductStore } from '../products/mongo-product-store.ts';
import { productModel } from '../products/product-document.ts';
import { testProduct } from '../products/product-store-contract.test-support.ts';
import type { ProductStore } from '../products/product-store.ts';
import type { Product } from '../products/product.ts';
import { holdModel, type HoldDocument } from './hold-document.ts';
import { testHold } from './holds-contract.test-support.ts';
import { createStockMoves, type StockMoves } from './stock-moves.ts';

const url = process.env['TEST_MONGODB_URL'];
const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);

/** What is left when a process of the shop ends between two of its writes. */
describe.skipIf(url === undefined)('a hold whose process died [mongodb]', () => {
  const database = `holds-${randomUUID()}`;
  let connection: Connection;
  let moves: StockMoves;
  let store: ProductStore;

  beforeAll(async () => {
    store = await openMongoProductStore({ url: url ?? '', database });
    connection = await createConnection(url ?? '', { dbName: database }).asPromise();
    moves = createStockMoves(productModel(connection));
  });

  afterAll(async () => {
    await store.close();
    await connection.dropDatabase();
    await connection.close();
  });

  async function leftBehind(state: HoldDocument['state'], fields: Partial<HoldDocument> = {}) {
    const products = [testProduct({ stock: 5 }), testProduct({ stock: 5 })] as const;
    for (const product of products) await store.insert(product);
    const { id: _id, buyerId, lines } = testHold([products[0], 2], [products[1], 3]);
    const times = { attemptedAt: minutesAgo(20), expiresAt: minutesAgo(10) };
    const hold: HoldDocument = { _id, buyerId, lines, state, attempt: randomUUID(), ...times, ...fields };
    const stock = async () => Promise.all(products.map(async ({ id }) => (await store.find(id))?.stock));
    await holdModel(connection).create([{ ...hold, lines: [...lines] }]);
    return { hold, lines, products, stock };
  }
  const stateOf = async (id: string) => (await holdModel(connection).findOne({ _id: id }).lean())?.state;
  const notesOf = async ({ id }: Product) =>
    (await productModel(connection).findOne({ _id: id }).lean())?.moves?.length ?? 0;

  it('while it took its lines gives back those that it took, and takes none any more when it wakes up', async () => {
    const { hold, lines, products, stock } = await leftBehind('taking');
    const [first, second] = lines;
    if (first === undefined || second === undefined) throw new Error('two lines are held');
    expect(await moves.take(hold.attempt, first)).toBe(true);
    expect(await stock()).toEqual([3, 5]);
    expect(await store.releaseOverdueHolds()).toBe(1);
    expect(await stock()).toEqual([5, 5]);
    expect([await moves.take(hold.attempt, first), await moves.take(hold.attempt, second)]).toEqual([false, false]);
    expect([await stock(), await stateOf(hold._id), await notesOf(products[0])]).toEqual([[5, 5], undefined, 0]);
  });

  it('lets the same order be tried again at once, with its own lines', async () => {
    const { hold, lines, products, stock } = await leftBehind('taking', { expiresAt: new Date(Date.now() + 60_000) });
    if (lines[0] !== undefined) await moves.take(hold.attempt, lines[0]);
    const again = { id: hold._id, buyerId: hold.buyerId, lines: testHold([products[0], 1]).lines };
    expect(await store.hold(again, new Date(Date.now() + 60_000))).toEqual({ kind: 'held', hold: again });
    expect(await stock()).toEqual([4, 5]);
  });

  it('that still takes its lines is not disturbed', async () => {
    const { hold, stock } = await leftBehind('taking', { attemptedAt: minutesAgo(1) });
    expect([await store.releaseOverdueHolds(), await stateOf(hold._id)]).toEqual([0, 'taking']);
    const again = { id: hold._id, buyerId: hold.buyerId, lines: hold.lines };
    await expect(store.hold(again, new Date())).rejects.toMatchObject({ code: 'SP_CONFLICT' });
    expect(await stock()).toEqual([5, 5]);
    await holdModel(connection).deleteOne({ _id: hold._id });
  });

  it('while it gave back goes on with it, and gives nothing back twice', async () => {
    const { hold, lines, stock, products } = await leftBehind('returning');
    if (lines[0] !== undefined) await moves.give(hold.attempt, lines[0]);
    await store.releaseOverdueHolds();
    await store.releaseOverdueHolds();
    await store.releaseHold(hold._id, undefined);
    expect([await stock(), await stateOf(hold._id), await notesOf(products[0])]).toEqual([[7, 8], 'released', 0]);
  });

  it('while it undid what it took goes on with it', async () => {
    const { hold, lines, stock } = await leftBehind('undoing');
    const [first, second] = lines;
    if (first === undefined || second === undefined) throw new Error('two lines are held');
    await moves.take(hold.attempt, first);
    await moves.take(hold.attempt, second);
    await moves.undoTake(hold.attempt, first);
    expect(await stock()).toEqual([5, 2]);
    await store.releaseOverdueHolds();
    expect([await stock(), await stateOf(hold._id)]).toEqual([[5, 5], undefined]);
  });
});
