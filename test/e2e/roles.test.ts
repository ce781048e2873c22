import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useVisitors } from './browser.ts';
import { callApi } from './call-api.ts';
import { waitForMail } from './mailbox.ts';
import { signInAsNewcomer } from './new-account.ts';
import {
  addButton,
  addProduct,
  catalogueProduct,
  findProductId,
  listProducts,
  openProducts,
  productRow,
} from './products-page.ts';
import { sharedSystem } from './shared-system.ts';
import { demoAccount } from './sign-in.ts';
import { openSignedIn } from './signed-in-page.ts';

const visitors = useVisitors();
const catalogueUrl = `/api/shop/products/${catalogueProduct.id}`;
const newProduct = { name: 'A ladder over the wall', priceCents: 100, stock: 1 };

describe('an account of the demo', () => {
  it('is entered by one click on the home page', async () => {
    const page = await visitors.openPage();
    await page.goto('/');
    await page.getByRole('button', { name: 'Continue as vendor' }).click();
    await page.getByRole('heading', { level: 1, name: 'Welcome in, Vic.' }).waitFor();
  });

  it.each([
    { name: 'with script', javaScriptEnabled: true },
    { name: 'without script', javaScriptEnabled: false },
  ])('is entered by one click where one signs in, and leads on, $name', async ({ javaScriptEnabled }) => {
    const page = await visitors.openPage({ javaScriptEnabled });
    await page.goto('/auth/sign-in?returnTo=%2Faccount');
    await page.getByRole('group', { name: 'Demo: continue as' }).getByRole('button', { name: 'admin' }).click();
    await page.waitForURL(/\/account$/);
    await page.getByText('Ada Admin').first().waitFor();
  });
});

describe('a user', () => {
  it('sees products, is offered nothing else, and is refused by the service when asking for it all the same', async () => {
    const page = await openAs('user');
    expect(await offeredActions(page)).toEqual([]);
    const before = await listProducts(page);
    expect(before.status).toBe(200);

    expect(await callApi(page, '/api/shop/products', { method: 'POST', json: newProduct })).toMatchObject(forbidden);
    expect(await callApi(page, catalogueUrl, { method: 'PATCH', json: { priceCents: 1 } })).toMatchObject(forbidden);
    expect(await callApi(page, catalogueUrl, { method: 'DELETE' })).toMatchObject(forbidden);
    expect(await listProducts(page)).toEqual(before);
  });

  it('sees on the page itself how the service refuses', async () => {
    const page = await openAs('user');
    const aside = page.getByRole('complementary', { name: 'Your access' });
    await aside.getByRole('button', { name: 'Add a product' }).click();
    await aside.getByText('SP_FORBIDDEN').waitFor();
    await aside.getByRole('link', { name: 'SP_FORBIDDEN' }).click();
    await page.getByRole('heading', { level: 1 }).filter({ hasText: 'A role or permission is missing' }).waitFor();
  });

  it('may not change the roles of any user, not even its own', async () => {
    const page = await openAs('user');
    const { body } = await callApi(page, '/auth/session');
    const { id } = body['user'] as { readonly id: string };
    const answer = await callApi(page, `/auth/users/${id}/roles`, { method: 'PUT', json: { roles: ['admin'] } });
    expect(answer).toMatchObject(forbidden);
  });
});

describe('a vendor', () => {
  it('adds a product and changes it, and neither changes nor deletes the products of others', async () => {
    const page = await openAs('vendor');
    const name = `Aardvark ${randomUUID().slice(0, 6)}`;
    await addProduct(page, { name, price: '12.50' });
    const row = productRow(page, name);
    await row.getByText('€12.50').waitFor();

    await row.getByRole('button', { name: `Edit ${name}` }).click();
    await page
      .getByRole('dialog')
      .getByLabel(/^Price/)
      .fill('13');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await row.getByText('€13.00').waitFor();

    // By name, where the products of others are.
    await openProducts(page);
    const foreign = productRow(page, catalogueProduct.name).getByRole('button');
    expect(await foreign.allInnerTexts()).toEqual([expect.stringContaining('Add to cart')]);
    expect(
      await page
        .getByRole('button', { name: /^Delete / })
        .and(page.locator(':not(aside *)'))
        .count(),
    ).toBe(0);
    const own = `/api/shop/products/${await findProductId(page, name)}`;
    expect(await callApi(page, own, { method: 'DELETE' })).toMatchObject(forbidden);
    expect(await callApi(page, catalogueUrl, { method: 'PATCH', json: { priceCents: 1 } })).toMatchObject(denied);
    expect(await callApi(page, catalogueUrl, { method: 'DELETE' })).toMatchObject(forbidden);
  });

  it('cannot put a product on sale in the name of another user', async () => {
    const page = await openAs('vendor');
    const json = { ...newProduct, ownerId: 'another-user' };
    expect(await callApi(page, '/api/shop/products', { method: 'POST', json })).toMatchObject({ status: 422 });
  });
});

describe('an administrator', () => {
  it('changes and deletes what a vendor put on sale', async () => {
    const vendor = await openAs('vendor');
    const name = `Aardvark ${randomUUID().slice(0, 6)}`;
    await addProduct(vendor, { name, price: '5' });

    const page = await openAs('admin');
    await addButton(page).waitFor();
    await productRow(page, name)
      .getByRole('button', { name: `Edit ${name}` })
      .click();
    await page
      .getByRole('dialog')
      .getByLabel(/^Price/)
      .fill('6');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await productRow(page, name).getByText('€6.00').waitFor();

    await productRow(page, name)
      .getByRole('button', { name: `Delete ${name}` })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete it' }).click();
    await productRow(page, name).waitFor({ state: 'detached' });
    expect(await findProductId(vendor, name)).toBeUndefined();
  });

  it('gives a user a role that counts from the next request on, without a new sign-in', async () => {
    const page = await visitors.openPage();
    await signInAsNewcomer(page);
    await openProducts(page);
    expect(await offeredActions(page)).toEqual([]);
    const { body } = await callApi(page, '/auth/session');
    const { id } = body['user'] as { readonly id: string };

    const admin = await openAs('admin');
    const change = (roles: readonly string[]) =>
      callApi(admin, `/auth/users/${id}/roles`, { method: 'PUT', json: { roles } });
    expect(await change(['vendor'])).toMatchObject({ status: 200, body: { user: { id, roles: ['vendor'] } } });
    const name = `Zebra ${randomUUID().slice(0, 6)}`;
    const create = () => callApi(page, '/api/shop/products', { method: 'POST', json: { ...newProduct, name } });
    expect(await create()).toMatchObject({ status: 201 });
    await openProducts(page);
    await addButton(page).waitFor();

    expect(await change(['user'])).toMatchObject({ status: 200 });
    expect(await create()).toMatchObject(forbidden);
    const left = `/api/shop/products/${await findProductId(page, name)}`;
    expect(await callApi(admin, left, { method: 'DELETE' })).toMatchObject({ status: 204 });
  });

  it('gives no role to itself, stays the last that manages others, and tells whose roles it changes', async () => {
    const page = await visitors.openPage();
    const { email } = await signInAsNewcomer(page);
    const idOf = async (of: typeof page) => ((await callApi(of, '/auth/session')).body['user'] as { id: string }).id;
    const admin = await openAs('admin');
    const give = async (to: string, roles: readonly string[]) =>
      callApi(admin, `/auth/users/${to}/roles`, { method: 'PUT', json: { roles } });
    const own = await idOf(admin);
    expect(await give(own, ['admin', 'vendor'])).toMatchObject({
      status: 403,
      body: { code: 'SP_AUTHORITY_EXCEEDED' },
    });
    expect(await give(own, [])).toMatchObject({ status: 409, body: { code: 'SP_LAST_MANAGER' } });
    expect(await give(await idOf(page), ['vendor'])).toMatchObject({ status: 200 });
    await waitForMail(sharedSystem.mailbox, email, 'roles-changed');
  });
});

describe('a stranger', () => {
  it('is refused by the gateway before the shop hears of it', async () => {
    const page = await visitors.openPage();
    await page.goto('/');
    expect(await callApi(page, '/api/shop/products')).toMatchObject(unauthenticated);
    expect(await callApi(page, catalogueUrl, { method: 'DELETE' })).toMatchObject(unauthenticated);
    await page.goto('/products');
    expect(new URL(page.url()).pathname).toBe('/auth/sign-in');
  });
});

const forbidden = {
  status: 403,
  isRedirected: false,
  contentType: expect.stringMatching(/^application\/problem\+json/) as unknown,
  body: { status: 403, code: 'SP_FORBIDDEN', type: `${sharedSystem.url}/errors/SP_FORBIDDEN` },
};
/** Refused by a rule on the record, not for a permission that is missing. */
const denied = {
  ...forbidden,
  body: { status: 403, code: 'SP_POLICY_DENIED', type: `${sharedSystem.url}/errors/SP_POLICY_DENIED` },
};
const unauthenticated = {
  status: 401,
  isRedirected: false,
  contentType: expect.stringMatching(/^application\/problem\+json/) as unknown,
  body: { status: 401, code: 'SP_UNAUTHENTICATED' },
};

async function openAs(role: 'user' | 'vendor' | 'admin'): Promise<Page> {
  const page = await openSignedIn(visitors, demoAccount(role));
  await openProducts(page);
  return page;
}

/** The names of the buttons that change products, outside of the part that tries what is not offered. */
async function offeredActions(page: Page): Promise<readonly string[]> {
  const buttons = page.getByRole('main').getByRole('button', { name: /^(?:Add a|Edit|Delete)/ });
  return buttons.and(page.locator(':not(aside *)')).allInnerTexts();
}
