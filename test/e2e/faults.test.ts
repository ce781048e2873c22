import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccount } from './account-page.ts';
import { useVisitors } from './browser.ts';
import { callApi, isSignedIn } from './call-api.ts';
import { openReady } from './hydrated-page.ts';
import { createAccount } from './new-account.ts';
import { startOwnSystem, type OwnSystem } from './own-system.ts';
import { catalogueProduct, openProducts, productRow } from './products-page.ts';
import { demoAccount, signIn } from './sign-in.ts';
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

describe('a shop that hangs', () => {
  it('leaves a place for its list on a page that is there, and fills it when it answers', async () => {
    const page = await openAs('user');
    const shop = system.pid('shop');
    if (shop === undefined) throw new Error('the shop does not run');
    process.kill(shop, 'SIGSTOP');
    try {
      await page.goto('/products', { waitUntil: 'commit' });
      await page.getByRole('heading', { level: 1, name: 'Products' }).waitFor();
      await page.getByText('Waiting for the shop…').waitFor({ state: 'attached' });
      await page.getByRole('heading', { level: 2, name: 'What you may do' }).waitFor();
    } finally {
      process.kill(shop, 'SIGCONT');
    }
    await productRow(page, catalogueProduct.name).waitFor();
  });
});

describe('a shell that is down', () => {
  it('is replaced by a page of the gateway; identity and services work on', async () => {
    const page = await openAs('user');
    const other = await page.context().newPage();
    await system.stop('shell');
    try {
      const response = await page.goto('/');
      expect(response?.status()).toBe(502);
      const headers = await response?.allHeaders();
      expect(headers?.['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers?.['set-cookie']).toBeUndefined();
      await page.getByRole('heading', { level: 1, name: 'This page isn’t available right now' }).waitFor();
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
    await page.context().clearCookies();
    await signIn(page, account);
  });
});

function openAs(role: 'user' | 'vendor' | 'admin'): Promise<Page> {
  return openSignedIn(visitors, demoAccount(role, system.accounts));
}
