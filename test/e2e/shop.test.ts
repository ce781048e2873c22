import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useVisitors } from './browser.ts';
import { callApi } from './call-api.ts';
import { findingsInEveryLook } from './every-look.ts';
import { openReady } from './hydrated-page.ts';
import { catalogueProduct, openProducts, productRow } from './products-page.ts';
import { sharedSystem } from './shared-system.ts';
import { demoAccount } from './sign-in.ts';
import { openSignedIn } from './signed-in-page.ts';

const visitors = useVisitors();
/** Sorted before everything else, so that it is on the first page. */
const lamp = `Aaa lamp ${randomUUID().slice(0, 6)}`;
const still = { reducedMotion: 'reduce' } as const;

/*
 * One story, in order: a vendor sells, a user buys and pays, the vendor sees their part of it, an administrator all of it.
 */
describe('the shop', { timeout: 170_000 }, () => {
  let orderPath = '';

  it('shows a draft to its vendor alone, until they put it on sale', async () => {
    const vendor = await openAs('vendor');
    await openProducts(vendor);
    await vendor.getByRole('main').getByRole('button', { name: 'Add a product' }).click();
    const dialog = vendor.getByRole('dialog');
    await dialog.getByLabel('Name').fill(lamp);
    await dialog.getByLabel(/^Price/).fill('12.50');
    await dialog.getByLabel('In stock').fill('5');
    await dialog.getByLabel(/^On sale/).uncheck();
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await productRow(vendor, lamp).getByText('Draft').waitFor();

    const user = await openAs('user');
    await openProducts(user);
    expect(await productRow(user, lamp).count()).toBe(0);

    await vendor.getByRole('link', { name: 'Yours', exact: true }).click();
    await vendor.getByRole('heading', { level: 1, name: 'Your products' }).waitFor();
    expect(await productRow(vendor, catalogueProduct.name).count()).toBe(0);
    expect(await findingsInEveryLook(vendor, 'own-products')).toEqual([]);
    await vendor.setViewportSize({ width: 1280, height: 800 });
    await productRow(vendor, lamp)
      .getByRole('button', { name: `Edit ${lamp}` })
      .click();
    await dialog.getByLabel(/^On sale/).check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await productRow(vendor, lamp).getByText('Draft').waitFor({ state: 'detached' });
  });

  it('lets a user fill a cart, order at the prices of the shop, and pay once', async () => {
    const user = await openAs('user');
    await openProducts(user);
    await productRow(user, lamp)
      .getByRole('button', { name: /^Add to cart/ })
      .click();
    await user.getByText(`${lamp} is in your cart.`).waitFor();
    await productRow(user, catalogueProduct.name)
      .getByRole('button', { name: /^Add to cart/ })
      .click();
    await user.getByText(`${catalogueProduct.name} is in your cart.`).waitFor();

    await openReady(user, '/cart');
    const row = user.getByRole('main').getByRole('listitem').filter({ hasText: lamp });
    await row.getByRole('button', { name: `One more of ${lamp}` }).click();
    await row.getByText('€25.00').waitFor();
    expect(await findingsInEveryLook(user, 'cart')).toEqual([]);
    await user.setViewportSize({ width: 1280, height: 800 });
    await user.getByRole('button', { name: 'Place the order' }).click();

    await user.getByText('Waits for payment').waitFor();
    orderPath = new URL(user.url()).pathname;
    await user.getByText('€114.00').waitFor();
    expect(await findingsInEveryLook(user, 'order-open')).toEqual([]);
    await user.setViewportSize({ width: 1280, height: 800 });
    await user.getByRole('button', { name: 'Pay with Acme Pay' }).click();
    await user.waitForURL((url) => url.origin === sharedSystem.acmeSso);
    const payment = user.url();
    await user.getByRole('button', { name: 'Pay €114.00' }).click();
    await user.getByText('Paid', { exact: true }).waitFor();
    expect(new URL(user.url()).pathname).toBe(orderPath);

    // The link once more: the provider charges once, and the shop has heard of it.
    await user.goto(payment);
    await user.getByRole('button', { name: 'Pay €114.00' }).click();
    await user.getByText('Paid', { exact: true }).waitFor();
    expect(await user.getByRole('button', { name: /Pay|Cancel/ }).count()).toBe(0);

    await openReady(user, '/orders');
    await user.getByRole('main').getByRole('listitem').filter({ hasText: lamp }).getByText('Paid').waitFor();
    expect(await findingsInEveryLook(user, 'orders')).toEqual([]);
  });

  it('shows a vendor the orders that contain their products, their own lines alone, and where they are paid', async () => {
    const vendor = await openAs('vendor');
    await openReady(vendor, '/sales');
    const sale = vendor.getByRole('main').getByRole('listitem').filter({ hasText: lamp });
    await sale.getByText('€25.00').waitFor();
    expect(await sale.innerText()).not.toContain(catalogueProduct.name);
    expect(await findingsInEveryLook(vendor, 'sales')).toEqual([]);
    await vendor.setViewportSize({ width: 1280, height: 800 });
    await sale.getByRole('link', { name: /^Order/ }).click();
    await vendor.getByText('Your part').waitFor();
    const { body } = await callApi(vendor, `/api/orders${orderPath}`);
    expect(body).not.toHaveProperty('buyerId');

    await openReady(vendor, '/payout');
    await vendor.getByLabel('Account holder').fill('Vic Vendor');
    await vendor.getByLabel('IBAN').fill('DE89 3704 0044 0532 0130 01');
    await vendor.getByRole('button', { name: 'Save' }).click();
    await vendor.getByText('This is no IBAN').waitFor();
    expect(await findingsInEveryLook(vendor, 'payout-refused')).toEqual([]);
    await vendor.getByLabel('IBAN').fill('DE89 3704 0044 0532 0130 00');
    await vendor.getByRole('button', { name: 'Save' }).click();
    await vendor.getByText('DE … 3000').waitFor();
  });

  it('shows an administrator every order, and lets them cancel what is not paid', async () => {
    const user = await openAs('user');
    const { body: listed } = await callApi(user, '/api/shop/products?pageSize=100&sort=name');
    const { id } = (listed['items'] as readonly { id: string; name: string }[]).find(({ name }) => name === lamp) ?? {};
    await callApi(user, `/api/orders/cart/items/${String(id)}`, { method: 'PUT', json: { quantity: 1 } });
    const { body: cart } = await callApi(user, '/api/orders/cart');
    const { body: order } = await callApi(user, '/api/orders/orders', { method: 'POST', json: { cartId: cart['id'] } });

    const admin = await openAs('admin');
    await openReady(admin, '/orders');
    await admin.getByRole('link', { name: 'All', exact: true }).click();
    await admin.getByRole('heading', { level: 1, name: 'All orders' }).waitFor();
    expect(await findingsInEveryLook(admin, 'all-orders')).toEqual([]);
    await admin.setViewportSize({ width: 1280, height: 800 });
    await openReady(admin, `/orders/${String(order['id'])}`);
    expect(await admin.getByRole('button', { name: /^Pay/ }).count()).toBe(0);
    await admin.getByRole('button', { name: 'Cancel the order' }).click();
    await admin.getByRole('dialog').getByRole('button', { name: 'Cancel the order' }).click();
    await admin.getByText('Cancelled').waitFor();
  });

  it.each([{ path: '/sales' }, { path: '/payout' }])(
    'refuses $path to a user, whose menu does not show it',
    async ({ path }) => {
      const page = await openAs('user');
      const answer = await page.goto(path);
      expect(answer?.status()).toBe(403);
      expect(await page.locator(`header a[href="${path}"]`).count()).toBe(0);
    },
  );

  it('hides an order of another user as one that is not there', async () => {
    const user = await openAs('vendor');
    for (const path of [`/orders/${randomUUID()}`, '/orders/none']) expect((await user.goto(path))?.status()).toBe(404);
  });
});

async function openAs(role: 'user' | 'vendor' | 'admin'): Promise<Page> {
  const page = await openSignedIn(visitors, demoAccount(role), still);
  page.setDefaultTimeout(20_000);
  return page;
}
