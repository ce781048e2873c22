import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openAccount, signOutTheOthers } from './account-page.ts';
import { useVisitors } from './browser.ts';
import { callApi } from './call-api.ts';
import { createAccount, signInDirectly } from './new-account.ts';
import { openProducts, productRow } from './products-page.ts';
import { openSignedIn } from './signed-in-page.ts';
import { demoAccount } from './sign-in.ts';

const visitors = useVisitors();

/** What the page says of its stream. */
function liveMark(page: Page) {
  return page.getByRole('main').getByRole('status', { name: 'Changes of others' });
}

describe('the list of products', () => {
  it('shows what another user adds and removes, without a new page', async () => {
    const watching = await openSignedIn(visitors, demoAccount('user'));
    await openProducts(watching);
    await liveMark(watching).getByText('Live').waitFor();
    await watching.evaluate(() => Object.assign(globalThis, { isSamePage: true }));

    const admin = await openSignedIn(visitors, demoAccount('admin'));
    await openProducts(admin);
    // The first of the alphabet, so that it is on the first page.
    const name = `Aardvark ${randomUUID().slice(0, 6)}`;
    const added = await callApi(admin, '/api/shop/products', {
      method: 'POST',
      json: { name, priceCents: 100, stock: 1 },
    });
    expect(added).toMatchObject({ status: 201 });
    await productRow(watching, name).waitFor();

    await callApi(admin, `/api/shop/products/${String(added.body['id'])}`, { method: 'DELETE' });
    await productRow(watching, name).waitFor({ state: 'detached' });
    expect(await watching.evaluate(() => 'isSamePage' in globalThis)).toBe(true);
  });

  it('stops being live the moment its session is ended from another browser', async () => {
    const desk = await visitors.openPage();
    const account = await createAccount(desk);
    await signInDirectly(desk, account);
    const phone = await visitors.openPage();
    await signInDirectly(phone, account);
    await openProducts(phone);
    await liveMark(phone).getByText('Live').waitFor();
    await openAccount(desk);
    await signOutTheOthers(desk);
    await liveMark(phone).getByText('Your session has ended').waitFor();
  });
});
