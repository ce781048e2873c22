import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccount, sessionRows } from './account-page.ts';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { callApi, isSignedIn } from './call-api.ts';
import { openReady } from './hydrated-page.ts';
import { lockDatabase } from './lock-database.ts';
import { createAccount } from './new-account.ts';
import { startOwnSystem, type OwnSystem } from './own-system.ts';
import { catalogueProduct, openProducts, productRow } from './products-page.ts';
import { demoAccount, signIn, submitSignIn } from './sign-in.ts';
import { sharedSystem } from './shared-system.ts';
import { openSignedIn } from './signed-in-page.ts';

let system: OwnSystem;
const visitors = useVisitors(() => system.url);

beforeAll(async () => {
  system = await startOwnSystem();
});
afterAll(() => system.dispose());

describe('a shop that is down', () => {
  it('is a 502 problem for calls and a sentence on the page, and both recover by themselves', async () => {
    const page = await openAs('user');
    await system.stop('shop');
    try {
      expect(await callApi(page, '/api/shop/products')).toMatchObject({
        status: 502,
        contentType: expect.stringMatching(/^application\/problem\+json/) as unknown,
        body: { code: 'SP_UPSTREAM_UNAVAILABLE' },
      });
      await openReady(page, '/products');
      await page.getByRole('heading', { name: 'The shop is closed for a moment' }).waitFor();
      expect(await isSignedIn(page)).toBe(true);
    } finally {
      await system.start('shop');
    }
    await page.getByRole('button', { name: 'Try again' }).click();
    await productRow(page, catalogueProduct.name).waitFor();
    expect(await callApi(page, '/api/shop/products')).toMatchObject({ status: 200 });
  });
});

describe('a shell that is down', () => {
  it('is replaced by a page of the door; identity and services work on', async () => {
    const page = await openAs('user');
    const other = await page.context().newPage();
    await system.stop('shell');
    try {
      const response = await page.goto('/');
      expect(response?.status()).toBe(502);
      const headers = await response?.allHeaders();
      expect(headers?.['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers?.['set-cookie']).toBeUndefined();
      await page.getByRole('heading', { level: 1, name: 'This part is not running right now' }).waitFor();
      await openAccount(other);
      expect(await callApi(other, '/api/shop/products')).toMatchObject({ status: 200 });
    } finally {
      await system.start('shell');
    }
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.getByRole('heading', { level: 1, name: /^Welcome in/ }).waitFor();
  });
});

describe('a zone that is down', () => {
  it('takes nothing else with it', async () => {
    const page = await openAs('user');
    await system.kill('account');
    try {
      expect((await page.goto('/account'))?.status()).toBe(502);
      await openProducts(page);
    } finally {
      await system.start('account');
    }
    await openAccount(page);
  });
});

describe('a gateway that was killed', () => {
  it('comes back with its accounts, sessions and keys: people are still signed in', async () => {
    const page = await openAs('vendor');
    const account = await createAccount(await visitors.openPage(), system.mailbox);
    const keys = await callApi(page, '/internal/.well-known/jwks.json');
    expect(keys.status).toBe(200);
    await system.kill('gateway');
    await system.start('gateway');

    expect(await isSignedIn(page)).toBe(true);
    expect(await callApi(page, '/api/shop/products')).toMatchObject({ status: 200 });
    expect(await callApi(page, '/internal/.well-known/jwks.json')).toMatchObject({ body: keys.body });
    await openProducts(page);
    await openAccount(page);
    await signIn(await visitors.openPage(), account);
  });

  it('keeps an account whose sign-up was answered a moment before, and does not bring back an ended session', async () => {
    const page = await visitors.openPage();
    const account = await createAccount(page, system.mailbox);
    await signIn(page, account);
    const cookies = await page.context().cookies();
    expect(await callApi(page, '/auth/sign-out', { method: 'POST', json: {} })).toMatchObject({ status: 204 });
    await system.kill('gateway');
    await system.start('gateway');

    await page.context().addCookies(cookies);
    expect(await isSignedIn(page)).toBe(false);
    expect(await callApi(page, '/api/shop/products')).toMatchObject({ status: 401 });
    await page.context().clearCookies();
    await signIn(page, account);
  });
});

/** What servers do when they are down is in `server-faults.test.ts`. */
const isEmbedded = sharedSystem.combination.name === 'sqlite + in-process';

if (isEmbedded)
  describe('a database file that another program holds [sqlite + in-process]', () => {
    it('stops sign-ins with 503, leaves sessions alone, and needs no restart afterwards', async () => {
      const page = await openAs('user');
      await openAccount(page);
      const cookies = await page.context().cookies();
      const stranger = await visitors.openPage();
      await openReady(stranger, '/sign-in');

      const lock = await lockDatabase(path.join(system.dataDir, 'sallyport.db'));
      try {
        const json = demoAccount('vendor', system.accounts);
        const { email, password } = json;
        const refused = await callApi(stranger, '/auth/sign-in/email', { method: 'POST', json: { email, password } });
        expect(refused).toMatchObject({ status: 503, body: { code: 'SP_STORE_UNAVAILABLE' } });
        expect(await stranger.context().cookies()).toEqual([]);
        await submitSignIn(stranger, json);
        await stranger.getByRole('alert').filter({ hasText: 'The store does not answer' }).waitFor();

        // A sign-out that cannot be written must not look like one.
        const signOut = await callApi(page, '/auth/sign-out', { method: 'POST', json: {} });
        expect(signOut).toMatchObject({ status: 503 });
        expect(await page.context().cookies()).toEqual(cookies);
        await openProducts(page);
        await openAccount(page);
        expect(await sessionRows(page).count()).toBeGreaterThan(0);
      } finally {
        await lock.release();
      }
      await expect
        .poll(async () => (await callApi(page, '/auth/session')).status, { timeout: patienceMilliseconds })
        .toBe(200);
      await submitSignIn(stranger, demoAccount('vendor', system.accounts));
      await stranger.waitForURL((url) => url.pathname === '/');
      expect(await isSignedIn(page)).toBe(true);
    });
  });

function openAs(role: 'user' | 'vendor' | 'admin'): Promise<Page> {
  return openSignedIn(visitors, demoAccount(role, system.accounts));
}
