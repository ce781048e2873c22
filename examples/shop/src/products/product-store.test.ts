import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Product } from './product.ts';
import { createSqliteProductStore, type ProductStore } from './product-store.ts';

const product: Product = {
  id: 'c7d2f7e0-0000-4000-8000-000000000001',
  name: 'A gate',
  description: '',
  priceCents: 100,
  currency: 'EUR',
  stock: 1,
  ownerId: 'vendor-1',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  version: 1,
};
const everything = { page: 1, pageSize: 100, sort: 'name' } as const;

let folder: string;
let file: string;
let store: ProductStore;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'shop-'));
  file = path.join(folder, 'data', 'products.sqlite');
  store = createSqliteProductStore(file);
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

describe('the store of products', () => {
  it('keeps what was inserted over a restart, and seeds only once', () => {
    store.insert(product);
    store.remove(store.list(everything).items.find(({ id }) => id !== product.id)?.id ?? '');
    const before = store.list(everything);
    store.close();
    store = createSqliteProductStore(file);
    expect(store.list(everything)).toEqual(before);
    expect(store.find(product.id)).toEqual(product);
  });

  it('lets only one of two changes of the same version through', () => {
    store.insert(product);
    expect(store.replace({ ...product, stock: 2, version: 2 })).toBe(true);
    expect(store.replace({ ...product, stock: 3, version: 2 })).toBe(false);
    expect(store.find(product.id)?.stock).toBe(2);
  });

  it('never changes who owns a product', () => {
    store.insert(product);
    store.replace({ ...product, ownerId: 'vendor-2', version: 2 });
    expect(store.find(product.id)?.ownerId).toBe('vendor-1');
  });

  it('removes a product once', () => {
    store.insert(product);
    expect([store.remove(product.id), store.remove(product.id)]).toEqual([true, false]);
  });

  it('answers 503 while another process holds the database, and works again afterwards', () => {
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    expect(() => store.insert(product)).toThrow(expect.objectContaining({ code: 'SP_STORE_UNAVAILABLE', status: 503 }));
    other.exec('ROLLBACK');
    other.close();
    store.insert(product);
    expect(store.find(product.id)).toEqual(product);
  });

  it('answers 503 when the database is gone', () => {
    const gone = createSqliteProductStore(undefined);
    gone.close();
    expect(() => gone.list(everything)).toThrow(expect.objectContaining({ code: 'SP_STORE_UNAVAILABLE' }));
  });
});
