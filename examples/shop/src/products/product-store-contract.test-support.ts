import { randomUUID } from 'node:crypto';
import { shopPolicy } from '@sallyport/example-shop-kit/policy';
import { accessFor } from '@sallyport/policy';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ProductScope, ProductStore, StoredPageRequest } from './product-store.ts';
import type { Product } from './product.ts';
import { seedProducts } from './seed-products.ts';

/** One new, empty place for products. Stores that are opened on it share it. */
export interface ProductPlace {
  open(): Promise<ProductStore>;
  remove(): Promise<void>;
  /** Why a race between changes proves nothing here. */
  readonly withoutAtomicChange?: string | undefined;
}

export const everything = { page: 1, pageSize: 100, sort: 'name' } as const satisfies StoredPageRequest;

/** For whom every product is listed. */
export const unrestricted: ProductScope = { readable: readableWith('admin', 'product:update-any') };

/** The products that a caller with one permission may see. */
export function readableWith(id: string, permission: string): ProductScope['readable'] {
  return accessFor(shopPolicy, { kind: 'user', id, permissions: [permission], roles: [] }).filter('read', 'Product');
}

const unavailable = { code: 'SP_STORE_UNAVAILABLE', status: 503 };

export function testProduct(fields: Partial<Product> = {}): Product {
  return {
    id: randomUUID(),
    name: 'A gate',
    description: '',
    priceCents: 100,
    currency: 'EUR',
    stock: 1,
    status: 'published',
    ownerId: 'vendor-1',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    version: 1,
    ...fields,
  };
}

/** What every store of products does. Called inside of a describe block that names the store. */
export function describeProductStore(prepare: () => Promise<ProductPlace>): void {
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

  it('starts with the catalogue, also when two processes open it at once, and does not bring back what was removed', async () => {
    const shared = await prepare();
    const [first, second] = await Promise.all([shared.open(), shared.open()]);
    const [removed, ...others] = seedProducts(new Date()).map(({ id }) => id);
    expect((await first.list(everything, unrestricted)).total).toBe(others.length + 1);
    expect(await second.remove(removed ?? '')).toBe(true);
    await Promise.all([first.close(), second.close()]);
    const third = await shared.open();
    const { items } = await third.list(everything, unrestricted);
    expect(items.map(({ id }) => id).sort()).toEqual(others.sort());
    await third.close();
    await shared.remove();
  });

  it('keeps what was inserted over a restart', async () => {
    const product = await inserted();
    const other = await place.open();
    expect(await other.find(product.id)).toEqual(product);
    await other.close();
  });

  it.each([
    { name: 'operators', text: '{"$ne": null} $where $set' },
    { name: 'quotes', text: `'; DROP TABLE product; --"` },
    { name: 'every script', text: 'Größe 門 שער 🚪' },
    { name: 'dots and percent signs', text: 'a.b.c %s %00' },
  ])('keeps text with $name as it is', async ({ text }) => {
    const product = await inserted({ name: text, description: text });
    expect(await store.find(product.id)).toEqual(product);
  });

  it('refuses a second product of the same id, and keeps the first', async () => {
    const product = await inserted();
    await expect(store.insert({ ...product, name: 'Another' })).rejects.toMatchObject({ code: 'SP_CONFLICT' });
    expect(await store.find(product.id)).toEqual(product);
  });

  it('lets one of many processes insert an id', async () => {
    const other = await place.open();
    const product = testProduct();
    const attempts = Array.from({ length: 10 }, (_, stock) =>
      (stock % 2 === 0 ? store : other).insert({ ...product, stock }).then(
        () => stock,
        (error: unknown) => error,
      ),
    );
    const results = await Promise.all(attempts);
    const winners = results.filter((result) => typeof result === 'number');
    expect(winners).toHaveLength(1);
    for (const loss of results.filter((result) => typeof result !== 'number')) {
      expect(loss).toMatchObject({ code: expect.stringMatching(/^SP_(?:CONFLICT|STORE_UNAVAILABLE)$/) as unknown });
    }
    expect((await store.find(product.id))?.stock).toBe(winners[0]);
    await other.close();
  });

  it('lets only one of two changes of the same version through', async () => {
    const product = await inserted();
    expect(await store.replace({ ...product, stock: 2, version: 2 })).toBe(true);
    expect(await store.replace({ ...product, stock: 3, version: 2 })).toBe(false);
    expect(await store.find(product.id)).toEqual({ ...product, stock: 2, version: 2 });
  });

  it('lets one of many changes at the same time through', async ({ skip }) => {
    if (place.withoutAtomicChange !== undefined) skip(place.withoutAtomicChange);
    const other = await place.open();
    const product = await inserted();
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? store : other).replace({ ...product, stock: 10 + index, version: 2 }),
      ),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await store.find(product.id)).toMatchObject({ stock: 10 + results.indexOf(true), version: 2 });
    await other.close();
  });

  it.each([
    { name: 'a version that is to come', version: 5 },
    { name: 'the same version', version: 1 },
  ])('does not replace $name', async ({ version }) => {
    const product = await inserted();
    expect(await store.replace({ ...product, stock: 9, version })).toBe(false);
    expect(await store.find(product.id)).toEqual(product);
  });

  it('does not bring a product into being by replacing it', async () => {
    const product = testProduct({ version: 2 });
    expect(await store.replace(product)).toBe(false);
    expect(await store.find(product.id)).toBeUndefined();
  });

  it('never changes who owns a product, or when it was created', async () => {
    const product = await inserted();
    await store.replace({ ...product, ownerId: 'vendor-2', createdAt: '2030-01-01T00:00:00.000Z', version: 2 });
    expect(await store.find(product.id)).toEqual({ ...product, version: 2 });
  });

  it('removes a product once', async () => {
    const { id } = await inserted();
    expect([await store.remove(id), await store.remove(id)]).toEqual([true, false]);
    expect(await store.find(id)).toBeUndefined();
  });

  it.each([
    { name: 'a negative price', change: { priceCents: -1 } },
    { name: 'a broken price', change: { priceCents: 1.5 } },
    { name: 'a price as text', change: { priceCents: '100' } },
    { name: 'an unknown currency', change: { currency: 'DOGE' } },
    { name: 'no name', change: { name: undefined } },
    { name: 'an operator for a name', change: { name: { $ne: '' } } },
    { name: 'no owner', change: { ownerId: '' } },
    { name: 'a field that no product has', change: { colour: 'red' } },
  ])('writes no product with $name', async ({ change }) => {
    const broken = { ...testProduct(), ...change } as Product;
    await expect(store.insert(broken)).rejects.not.toMatchObject(unavailable);
    expect(await store.find(broken.id)).toBeUndefined();

    const product = await inserted();
    await expect(store.replace({ ...product, version: 2, ...change } as Product)).rejects.not.toMatchObject(
      unavailable,
    );
    expect(await store.find(product.id)).toEqual(product);
  });

  it.each([
    { name: 'an operator', value: { $ne: null } },
    { name: 'a pattern', value: { $regex: '.*' } },
    { name: 'a list', value: [{ $ne: null }] },
    { name: 'nothing', value: null },
  ])('takes $name for no id', async ({ value }) => {
    await inserted();
    const before = await store.list(everything, unrestricted);
    const id = value as unknown as string;
    await expect(store.find(id)).rejects.not.toMatchObject(unavailable);
    await expect(store.remove(id)).rejects.not.toMatchObject(unavailable);
    await expect(store.replace({ ...testProduct(), id, version: 2 })).rejects.not.toMatchObject(unavailable);
    expect(await store.list(everything, unrestricted)).toEqual(before);
  });

  it('lists pages that do not overlap, and together hold everything, in every order', async () => {
    await Promise.all(Array.from({ length: 7 }, async () => inserted({ name: 'The same', priceCents: 5 })));
    const { total } = await store.list(everything, unrestricted);
    for (const sort of ['name', '-name', 'priceCents', '-priceCents', 'createdAt', '-createdAt'] as const) {
      const ids: string[] = [];
      for (let page = 1; page <= Math.ceil(total / 4); page += 1) {
        const answer = await store.list({ page, pageSize: 4, sort }, unrestricted);
        expect(answer).toMatchObject({ page, pageSize: 4, total });
        ids.push(...answer.items.map(({ id }) => id));
      }
      expect(new Set(ids).size).toBe(total);
      const whole = (await store.list({ page: 1, pageSize: 100, sort }, unrestricted)).items.map(({ id }) => id);
      expect(ids).toEqual(whole);
    }
    expect((await store.list({ page: 1000, pageSize: 100, sort: 'name' }, unrestricted)).items).toEqual([]);
  });

  it('orders names without regard to the case of A to Z, and what is equal by id, forwards and backwards', async () => {
    const shared = await prepare();
    const own = await shared.open();
    for (const { id } of (await own.list(everything, unrestricted)).items) await own.remove(id);
    const names = ['beta', 'Alpha', 'alpha', 'Äpfel', 'GAMMA', '[x]', '_y', 'äpfel', '10', '9'];
    const products = names.map((name, index) =>
      testProduct({ name, id: `00000000-0000-4000-8000-00000000000${index}` }),
    );
    for (const product of products) await own.insert(product);
    const sorted = async (sort: 'name' | '-name') =>
      (await own.list({ page: 1, pageSize: 100, sort }, unrestricted)).items.map(({ name }) => name);
    const expected = ['10', '9', '[x]', '_y', 'Alpha', 'alpha', 'beta', 'GAMMA', 'Äpfel', 'äpfel'];
    expect(await sorted('name')).toEqual(expected);
    expect(await sorted('-name')).toEqual(expected.toReversed());
    await own.close();
    await shared.remove();
  });

  it('says that it answers', async () => {
    await expect(store.ping()).resolves.toBeUndefined();
  });

  it('answers 503 to everything once it is closed, and may be closed twice', async () => {
    const closed = await place.open();
    await closed.close();
    await closed.close();
    const product = testProduct({ version: 2 });
    const calls = [
      () => closed.list(everything, unrestricted),
      () => closed.find(product.id),
      () => closed.insert(product),
      () => closed.replace(product),
      () => closed.remove(product.id),
      () => closed.ping(),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject(unavailable);
  });
}
