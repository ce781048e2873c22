import type { Locator, Page } from 'playwright-core';
import { callApi, type ApiAnswer } from './call-api.ts';
import { openReady } from './hydrated-page.ts';

/** Product of the catalogue that every shop starts with; its owner cannot sign in. */
export const catalogueProduct = { id: '5a111900-0000-4000-8000-000000000001', name: 'Alder desk lamp' } as const;

export interface ProductForm {
  readonly name: string;
  readonly price: string;
}

/** Opens the products page and waits for its list. */
export async function openProducts(page: Page): Promise<void> {
  await openReady(page, '/products');
  await productRow(page, catalogueProduct.name).waitFor();
}

/** The line of one product. */
export function productRow(page: Page, name: string): Locator {
  return page.getByRole('main').getByRole('listitem').filter({ hasText: name });
}

/** The button that puts a product on sale, not the one that tries it without permission. */
export function addButton(page: Page): Locator {
  return page.getByRole('main').getByRole('button', { name: 'Add a product' }).and(page.locator(':not(aside *)'));
}

/** Puts a product on sale by the form. */
export async function addProduct(page: Page, { name, price }: ProductForm): Promise<void> {
  await addButton(page).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel(/^Price/).fill(price);
  await dialog.getByRole('button', { name: 'Add it' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await productRow(page, name).waitFor();
}

/** What the shop itself says of the products whose name is this. */
export async function findProductId(page: Page, name: string): Promise<string | undefined> {
  const { body } = await listProducts(page);
  const items = Array.isArray(body['items']) ? (body['items'] as readonly { id: string; name: string }[]) : [];
  return items.find((product) => product.name === name)?.id;
}

/** The whole list, as the shop gives it to this person. */
export async function listProducts(page: Page): Promise<ApiAnswer> {
  return callApi(page, '/api/shop/products?pageSize=100');
}
