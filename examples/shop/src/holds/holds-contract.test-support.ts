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

const inTenMinutes = (): Date => new Date(Date.now() + 600_000);
const over = new Date(0);

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
  const take = async (hold: Hold): Promise<HoldOutcome> => store.hold(hold, inTenMinutes());
  const stockOf = async ({ id }: Product): Promise<number | undefined> => (await store.find(id))?.stock;

  it('a hold takes all of its lines out of stock, once however often it is asked for, and counts as a change', async () => {
    const [one, two] = [await inserted({ stock: 5 }), await inserted({ stock: 3 })];
    const hold = testHold([one, 2], [two, 3]);
    expect(await take(hold)).toEqual({ kind: 'held', hold });
    expect(await take({ ...hold, lines: testHold([one, 1]).lines })).toEqual({ kind: 'held', hold });
    expect([await stockOf(one), await stockOf(two)]).toEqual([3, 0]);
    expect(await store.findHold(hold.id)).toEqual(hold);
    // A vendor who edits what they read before would put the stock back.
    expect(await store.replace({ ...one, name: 'Edited', version: 2 })).toBe(false);
  });

  it('a hold takes nothing where one product is short, a draft or gone, and may be tried again', async () => {
    const [one, two] = [await inserted({ stock: 5 }), await inserted({ stock: 1 })];
    const draft = await inserted({ stock: 5, status: 'draft' });
    const short = testHold([one, 1], [two, 2]);
    expect(await take(short)).toEqual({ kind: 'short', productId: two.id });
    expect(await take(testHold([one, 1], [draft, 1]))).toEqual({ kind: 'short', productId: draft.id });
    const gone = testProduct();
    expect(await take(testHold([one, 1], [gone, 1]))).toEqual({ kind: 'short', productId: gone.id });
    expect([await stockOf(one), await stockOf(two), await store.findHold(short.id)]).toEqual([5, 1, undefined]);
    expect(await take({ ...short, lines: testHold([one, 1], [two, 1]).lines })).toMatchObject({ kind: 'held' });
  });

  it('what a hold took comes back once, and the same hold is never taken again', async () => {
    const product = await inserted({ stock: 4 });
    const hold = testHold([product, 3]);
    await take(hold);
    await store.releaseHold(hold.id, 'buyer-2');
    expect(await stockOf(product)).toBe(1);
    await Promise.all([store.releaseHold(hold.id, 'buyer-1'), store.releaseHold(hold.id, undefined)]);
    await store.releaseHold(hold.id, 'buyer-1');
    expect([await stockOf(product), await store.findHold(hold.id)]).toEqual([4, undefined]);
    await expect(take(hold)).rejects.toMatchObject({ code: 'SP_CONFLICT' });
    await store.releaseHold(randomUUID(), undefined);
  });

  it('takes nothing at a price that is not that of the product any more', async () => {
    const product = await inserted({ stock: 4, priceCents: 100 });
    const hold = testHold([product, 1]);
    expect(await store.replace({ ...product, priceCents: 150, version: 2 })).toBe(true);
    expect(await take(hold)).toEqual({ kind: 'short', productId: product.id });
    expect(
      await take({ ...hold, lines: testHold([{ ...product, currency: 'USD', priceCents: 150 }, 1]).lines }),
    ).toEqual({
      kind: 'short',
      productId: product.id,
    });
    expect(await stockOf(product)).toBe(4);
  });

  it('gives back what no order kept in time, once, and the same id may be held anew', async () => {
    const [one, two] = [await inserted({ stock: 4 }), await inserted({ stock: 4 })];
    const hold = testHold([one, 3], [two, 1]);
    await store.hold(hold, over);
    expect([await stockOf(one), await stockOf(two), await store.findHold(hold.id)]).toEqual([1, 3, undefined]);
    // It is over, also where it was not given back yet.
    expect(await store.keepHold(hold.id, 'buyer-1')).toBe(false);
    await Promise.all([store.releaseOverdueHolds(), store.releaseOverdueHolds()]);
    expect([await stockOf(one), await stockOf(two)]).toEqual([4, 4]);
    const smaller = { ...hold, lines: testHold([one, 1]).lines };
    expect(await take(smaller)).toEqual({ kind: 'held', hold: smaller });
    await store.releaseOverdueHolds();
    expect([await stockOf(one), await stockOf(two)]).toEqual([3, 4]);
  });

  it('takes anew what was over and not given back yet, with the lines of the new call', async () => {
    const product = await inserted({ stock: 4 });
    const hold = testHold([product, 3]);
    await store.hold(hold, over);
    const smaller = { ...hold, lines: testHold([product, 1]).lines };
    expect(await take(smaller)).toEqual({ kind: 'held', hold: smaller });
    expect(await stockOf(product)).toBe(3);
  });

  it('gives back nothing that was kept, for its buyer alone, until it is released', async () => {
    const product = await inserted({ stock: 4 });
    const hold = testHold([product, 3]);
    await store.hold(hold, new Date(Date.now() + 300));
    expect(await store.keepHold(hold.id, 'buyer-2')).toBe(false);
    expect(await store.keepHold(hold.id, 'buyer-1')).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 320));
    await store.releaseOverdueHolds();
    expect([await stockOf(product), await store.keepHold(hold.id, 'buyer-1')]).toEqual([1, true]);
    await store.releaseHold(hold.id, 'buyer-1');
    expect([await stockOf(product), await store.keepHold(hold.id, 'buyer-1')]).toEqual([4, false]);
    expect(await store.keepHold(randomUUID(), 'buyer-1')).toBe(false);
  });

  it('remembers each hold that may be given back, however many came after it', async () => {
    const product = await inserted({ stock: 400 });
    const first = testHold([product, 50]);
    const kept = testHold([product, 7]);
    await store.hold(first, over);
    await take(kept);
    await store.keepHold(kept.id, 'buyer-1');
    for (let count = 0; count < 210; count += 1) {
      const hold = testHold([product, 1]);
      await take(hold);
      await store.keepHold(hold.id, 'buyer-1');
    }
    expect(await stockOf(product)).toBe(133);
    await store.releaseOverdueHolds();
    await store.releaseHold(kept.id, 'buyer-1');
    expect(await stockOf(product)).toBe(190);
  });

  it('a hold is either kept or given back, where both are asked for at once', async ({ skip }) => {
    if (place.withoutAtomicChange !== undefined) skip(place.withoutAtomicChange);
    const other = await place.open();
    for (let round = 0; round < 5; round += 1) {
      const product = await inserted({ stock: 2 });
      const hold = testHold([product, 1]);
      await store.hold(hold, new Date(Date.now() + 5));
      const [isKept] = await Promise.all([
        store.keepHold(hold.id, 'buyer-1'),
        ...[0, 5, 10].map(async (milliseconds) => {
          await new Promise((resolve) => setTimeout(resolve, milliseconds));
          await other.releaseOverdueHolds();
        }),
      ]);
      expect(await stockOf(product)).toBe(isKept ? 1 : 2);
    }
    await other.close();
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
      holds.flatMap((hold) => [store, other].map(async (at) => settled(at.hold(hold, inTenMinutes())))),
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
