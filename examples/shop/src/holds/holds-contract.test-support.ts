import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  everything,
  readableWith,
  testProduct,
  unrestricted,
  type ProductPlace,
} from '../products/product-store-contract.test-support.ts';
import type { ProductScope, ProductStore } from '../products/product-store.ts';
import type { Product } from '../products/product.ts';
import type { Hold, HoldOutcome } from './hold.ts';

/** A hold of so many of each product. */
export function testHold(...of: readonly (readonly [product: Product, quantity: number])[]): Hold {
  const lines = of.map(([{ id: productId, name, ownerId, priceCents, currency }, quantity]) => ({
    productId,
    name,
    ownerId,
    priceCents,
    currency,
    quantity,
  }));
  return { id: randomUUID(), buyerId: 'buyer-1', lines };
}

/** What every store does with stock that orders hold. Called inside of a describe block that names the store. */
export function describeHolds(prepare: () => Promise<ProductPlace>): void {
  let place: ProductPlace;
  let store: ProductStore;

  beforeAll(async () => {
    place = await prepare();
    store = await place.open();
  });

  afterAll(async () => {
    await store.close();
    await place.remove();
  });

  async function inserted(fields: Partial<Product> = {}): Promise<Product> {
    const product = testProduct(fields);
    await store.insert(product);
    return product;
  }
  const stockOf = async ({ id }: Product): Promise<number | undefined> => (await store.find(id))?.stock;

  it('a hold takes all of its lines out of stock, once however often it is asked for, and counts as a change', async () => {
    const [one, two] = [await inserted({ stock: 5 }), await inserted({ stock: 3 })];
    const hold = testHold([one, 2], [two, 3]);
    expect(await store.hold(hold)).toEqual({ kind: 'held', hold });
    expect(await store.hold({ ...hold, lines: testHold([one, 1]).lines })).toEqual({ kind: 'held', hold });
    expect([await stockOf(one), await stockOf(two)]).toEqual([3, 0]);
    expect(await store.findHold(hold.id)).toEqual(hold);
    // A vendor who edits what they read before would put the stock back.
    expect(await store.replace({ ...one, name: 'Edited', version: 2 })).toBe(false);
  });

  it('a hold takes nothing where one product is short, a draft or gone, and may be tried again', async () => {
    const [one, two] = [await inserted({ stock: 5 }), await inserted({ stock: 1 })];
    const draft = await inserted({ stock: 5, status: 'draft' });
    const short = testHold([one, 1], [two, 2]);
    expect(await store.hold(short)).toEqual({ kind: 'short', productId: two.id });
    expect(await store.hold(testHold([one, 1], [draft, 1]))).toEqual({ kind: 'short', productId: draft.id });
    const gone = testProduct();
    expect(await store.hold(testHold([one, 1], [gone, 1]))).toEqual({ kind: 'short', productId: gone.id });
    expect([await stockOf(one), await stockOf(two), await store.findHold(short.id)]).toEqual([5, 1, undefined]);
    expect(await store.hold({ ...short, lines: testHold([one, 1], [two, 1]).lines })).toMatchObject({ kind: 'held' });
  });

  it('what a hold took comes back once, and the same hold is never taken again', async () => {
    const product = await inserted({ stock: 4 });
    const hold = testHold([product, 3]);
    await store.hold(hold);
    await store.releaseHold(hold.id, 'buyer-2');
    expect(await stockOf(product)).toBe(1);
    await Promise.all([store.releaseHold(hold.id, 'buyer-1'), store.releaseHold(hold.id, undefined)]);
    await store.releaseHold(hold.id, 'buyer-1');
    expect([await stockOf(product), await store.findHold(hold.id)]).toEqual([4, undefined]);
    await expect(store.hold(hold)).rejects.toMatchObject({ code: 'SP_CONFLICT' });
    await store.releaseHold(randomUUID(), undefined);
  });

  it('many holds at once never take more than there is', async ({ skip }) => {
    if (place.withoutAtomicChange !== undefined) skip(place.withoutAtomicChange);
    const other = await place.open();
    const [one, two] = [await inserted({ stock: 7 }), await inserted({ stock: 7 })];
    const holds = Array.from({ length: 12 }, (_, index) =>
      index % 2 === 0 ? testHold([one, 1], [two, 1]) : testHold([two, 1], [one, 1]),
    );
    const outcomes = await Promise.all(
      // Each is asked for twice, at both.
      holds.flatMap((hold) => [store, other].map(async (at) => settled(at.hold(hold)))),
    );
    const left = [await stockOf(one), await stockOf(two)];
    const held = await Promise.all(holds.map(async ({ id }) => store.findHold(id)));
    const taken = held.filter((hold) => hold !== undefined).length;
    expect(left).toEqual([7 - taken, 7 - taken]);
    expect(taken).toBeGreaterThan(0);
    for (const outcome of outcomes) {
      if (outcome instanceof Error)
        expect(outcome).toMatchObject({
          code: expect.stringMatching(/^SP_(?:CONFLICT|STORE_UNAVAILABLE)$/) as unknown,
        });
    }
    await other.close();
  });

  it('lists for a caller the products that they may see, of one owner where that is asked', async () => {
    const owner = `vendor-${randomUUID()}`;
    const draft = await inserted({ ownerId: owner, status: 'draft' });
    const published = await inserted({ ownerId: owner });
    const readable = readableWith('another', 'product:read');
    const idsOf = async (scope: ProductScope) => (await store.list(everything, scope)).items.map(({ id }) => id).sort();
    expect(await idsOf({ ...unrestricted, ownerId: owner })).toEqual([draft.id, published.id].sort());
    expect(await idsOf({ readable, ownerId: owner })).toEqual([published.id]);
    expect((await store.list(everything, { readable, ownerId: owner })).total).toBe(1);
    expect(await idsOf({ readable })).not.toContain(draft.id);
    expect(await idsOf({ readable: readableWith(owner, 'product:read'), ownerId: owner })).toHaveLength(2);
    expect(await idsOf({ readable: readableWith(owner, 'order:read') })).toEqual([]);
  });
}

async function settled(outcome: Promise<HoldOutcome>): Promise<HoldOutcome | Error> {
  return outcome.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
}
