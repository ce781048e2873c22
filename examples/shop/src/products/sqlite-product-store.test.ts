import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everything, testProduct, unrestricted } from './product-store-contract.test-support.ts';
import type { ProductStore } from './product-store.ts';
import { createSqliteProductStore } from './sqlite-product-store.ts';

let folder: string;
let file: string;
let store: ProductStore;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'shop-'));
  file = path.join(folder, 'data', 'products.sqlite');
  store = createSqliteProductStore(file);
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

describe('products in a SQLite file', () => {
  it('answers 503 while another process holds the database, and works again afterwards', async () => {
    const product = testProduct();
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.insert(product)).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE', status: 503 });
    other.exec('ROLLBACK');
    other.close();
    await store.insert(product);
    expect(await store.find(product.id)).toEqual(product);
  });

  it('does not pass on a foreign row of the table that is no product', async () => {
    const product = testProduct();
    await store.insert(product);
    const other = new DatabaseSync(file);
    other.prepare('UPDATE product SET currency = ? WHERE id = ?').run('DOGE', product.id);
    other.close();
    await expect(store.find(product.id)).rejects.toThrow();
    await expect(store.list(everything, unrestricted)).rejects.toThrow();
  });
});
