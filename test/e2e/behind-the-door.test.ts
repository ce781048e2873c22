import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openAccount } from './account-page.ts';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { callApi } from './call-api.ts';
import { openReady } from './hydrated-page.ts';
import { signInAsNewcomer, signInDirectly } from './new-account.ts';
import { openProducts } from './products-page.ts';

const visitors = useVisitors();

describe('behind the door', () => {
  it('shows the requests of this session, with stages, caches, signatures and claims', async () => {
    const { page, account } = await openAsNewcomer();
    await openProducts(page);
    // Of two gateways each has a cache of its own.
    await expect
      .poll(
        async () => {
          await callApi(page, '/api/shop/products');
          return (await readRequests(page)).find(({ path }) => path === '/api/shop/products')?.tokenCache;
        },
        { timeout: patienceMilliseconds },
      )
      .toBe('hit');
    await openReady(page, '/behind-the-door');

    await page.getByRole('button', { name: 'Pause' }).click();
    await page
      .getByRole('button', { name: /^GET \/api\/shop\/products(?!\/)/ })
      .first()
      .click();
    await page.getByRole('heading', { level: 2, name: 'GET /api/shop/products' }).waitFor();
    const detail = page.getByRole('article', { name: 'GET /api/shop/products' });
    const stages = await detail.getByRole('region', { name: 'Stage by stage' }).innerText();
    for (const stage of ['Firewall', 'Route', 'Authenticate', 'Protect', 'Authorize', 'Translate']) {
      expect(stages).toContain(stage);
    }
    const facts = await detail.getByRole('region', { name: 'What it cost' }).innerText();
    expect(facts).toMatch(/Session cache\s+Hit/);
    expect(facts).toMatch(/Token cache\s+Hit/);
    expect(facts).toMatch(/Signatures\s+0/);
    const claims = detail.getByRole('table');
    await claims.getByRole('row', { name: /^aud shop/ }).waitFor();
    await claims.getByRole('row', { name: /^scope product:read/ }).waitFor();
    // The shop has no business with names: only routes with profile claims are told.
    expect(await claims.innerText()).not.toContain(account.email);
    expect(await page.content()).not.toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]+/);
  });

  it('shows a refusal with its reason', async () => {
    const { page } = await openAsNewcomer();
    await page.goto('/behind-the-door');
    expect(await callApi(page, '/api/shop/products', { method: 'POST', json: {} })).toMatchObject({ status: 403 });
    await page
      .getByRole('button', { name: /^POST \/api\/shop\/products/ })
      .first()
      .click();
    await page.getByRole('heading', { level: 2, name: 'POST /api/shop/products' }).waitFor();
  });

  it('follows what happens in another tab', async () => {
    const { page } = await openAsNewcomer();
    await openReady(page, '/behind-the-door');
    expect(await page.getByRole('button', { name: /^GET \/account/ }).count()).toBe(0);
    await openAccount(await page.context().newPage());
    await page
      .getByRole('button', { name: /^GET \/account/ })
      .first()
      .waitFor();
  });

  it('leaves out what browsers fetch in advance, and lists what is looked for', async () => {
    const { page } = await openAsNewcomer();
    await openReady(page, '/');
    const prefetch = { headers: { 'next-router-prefetch': '1', rsc: '1' } };
    expect(await page.evaluate(async (init) => (await fetch('/products?_rsc=x', init)).status, prefetch)).toBe(200);
    await callApi(page, '/api/shop/products');
    await callApi(page, '/api/shop/products', { method: 'POST', json: {} });
    // Of two gateways one hears of the other's requests a little later.
    const refused = async () => (await readRequests(page)).filter(({ status }) => status === 403).length;
    await expect.poll(refused, { timeout: patienceMilliseconds }).toBe(1);
    const listed = await readRequests(page);
    expect(listed.filter(({ path }) => path === '/products')).toEqual([]);

    await openReady(page, '/behind-the-door');
    const rows = page.getByRole('region', { name: 'Requests' }).getByRole('listitem').getByRole('button');
    await rows.first().waitFor();
    await page.getByRole('searchbox').fill('api/shop');
    await expect.poll(() => rows.count(), { timeout: patienceMilliseconds }).toBe(2);
    await page.getByRole('button', { name: 'Refused', exact: true }).click();
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole('searchbox').fill('no such request');
    await page.getByText('No request is like that.').waitFor();
  });

  it('is where the id of a refused request leads', async () => {
    const { page } = await openAsNewcomer();
    await openProducts(page);
    const aside = page.getByRole('complementary', { name: 'Your access' });
    await aside.getByRole('button', { name: 'Add a product' }).click();
    const link = aside.locator('a[href^="/behind-the-door?request="]');
    const id = await link.innerText();
    await link.click();
    const article = page.getByRole('article');
    await article.getByText(/^Refused with|passed on to/).waitFor();
    expect(await article.innerText()).toContain(id);
    await page.goto('/behind-the-door?request=0123456789abcdef');
    await page.getByText('This request is not in the list').waitFor();
  });

  it('moves nothing that is being read while requests arrive', async () => {
    const { page } = await openAsNewcomer();
    await page.addInitScript(() => {
      const shifts = globalThis as unknown as { shifted: number };
      shifts.shifted = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.shifted += (entry as unknown as { value: number }).value;
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await openReady(page, '/behind-the-door');
    const rows = page.getByRole('region', { name: 'Requests' }).getByRole('listitem').getByRole('button');
    await rows.first().waitFor();
    for (const path of ['/api/shop/products', '/account', '/auth/session', '/products']) {
      const before = await rows.count();
      await page.evaluate((address) => fetch(address), path);
      await expect.poll(() => rows.count(), { timeout: patienceMilliseconds }).toBeGreaterThan(before);
    }
    expect(await page.evaluate(() => (globalThis as unknown as { shifted: number }).shifted)).toBeLessThan(0.02);
  });

  it('never shows the requests of another user, nor of another session of the same user', async () => {
    const { page, account } = await openAsNewcomer();
    await openProducts(page);
    const mine = await readSome(page);

    const elsewhere = await visitors.openPage();
    await signInDirectly(elsewhere, account);
    const { page: stranger } = await openAsNewcomer();
    const ids = new Set(mine.map(({ requestId }) => requestId));
    for (const other of [elsewhere, stranger]) {
      await openReady(other, '/');
      const theirs = await readSome(other);
      expect(theirs.filter(({ requestId }) => ids.has(requestId))).toEqual([]);
      expect(theirs.filter(({ path }) => path.startsWith('/api/shop'))).toEqual([]);
    }
  });

  it('is closed to strangers, and holds no query of any request', async () => {
    const page = await visitors.openPage();
    await page.goto('/');
    expect(await callApi(page, '/behind-the-door/requests')).toMatchObject({ status: 401 });
    await signInAsNewcomer(page);
    await callApi(page, '/api/shop/products?page=1&pageSize=7');
    const listed = async () => JSON.stringify((await callApi(page, '/behind-the-door/requests')).body);
    await expect.poll(listed, { timeout: patienceMilliseconds }).toContain('/api/shop/products');
    expect(await listed()).not.toContain('pageSize');
  });
});

interface ListedRequest {
  readonly requestId: string;
  readonly path: string;
  readonly tokenCache: string;
  readonly status: number;
}

async function openAsNewcomer() {
  const page = await visitors.openPage();
  return { page, account: await signInAsNewcomer(page) };
}

/** The requests of the session, when there are any. */
async function readSome(page: Page): Promise<readonly ListedRequest[]> {
  let some: readonly ListedRequest[] = [];
  await expect
    .poll(async () => (some = await readRequests(page)).length, { timeout: patienceMilliseconds })
    .toBeGreaterThan(0);
  return some;
}

async function readRequests(page: Page): Promise<readonly ListedRequest[]> {
  const { body } = await callApi(page, '/behind-the-door/requests');
  return body['requests'] as readonly ListedRequest[];
}
