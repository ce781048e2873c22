import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccount } from './account-page.ts';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { callApi, isSignedIn } from './call-api.ts';
import { signInDirectly } from './new-account.ts';
import { startOwnSystem, type OwnSystem } from './own-system.ts';
import { addButton, openProducts } from './products-page.ts';
import { demoAccount, submitSignIn, type Credentials } from './sign-in.ts';

let system: OwnSystem;
const visitors = useVisitors(() => system.url);

beforeAll(async () => {
  system = await startOwnSystem({ gatewayEnvironment: { DEMO_SESSION_IDLE_SECONDS: '24' } });
});
afterAll(() => system.dispose());

describe('an unused session', () => {
  // Both pages wait for the same seconds: that is why two stories share one test.
  it('expires: calls get 401, a new page leads to sign-in and back, and an open page leaves by itself', async () => {
    const account = demoAccount('user', system.accounts);
    const page = await visitors.openPage();
    const openTab = await visitors.openPage();
    await signInDirectly(page, account);
    await signInDirectly(openTab, account);
    await openAccount(openTab, '/account?x=2');
    // A plain answer of the gateway: no script of a page there.
    await page.goto('/healthz');
    await waitForExpiry(page);

    const refused = await callApi(page, '/api/shop/products');
    expect(refused).toMatchObject({ status: 401, isRedirected: false, body: { code: 'SP_UNAUTHENTICATED' } });
    expect(refused.contentType).toMatch(/^application\/problem\+json/);

    await page.goto('/account?x=1&y=two%20words#devices');
    const { pathname, searchParams } = new URL(page.url());
    expect(pathname).toBe('/auth/sign-in');
    expect(searchParams.get('returnTo')).toBe('/account?x=1&y=two%20words');
    await submitSignIn(page, account);
    await page.waitForURL((url) => url.pathname === '/account');
    expect(new URL(page.url()).search).toBe('?x=1&y=two%20words');
    expect(new URL(page.url()).hash).toBe('#devices');
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();

    await openTab.waitForURL(/\/signed-out\?reason=ended/);
    await openTab.getByRole('link', { name: 'Sign in again' }).click();
    await submitSignIn(openTab, account);
    await openTab.waitForURL((url) => url.pathname === '/account' && url.search === '?x=2');
  });
});

describe('a session that is about to expire', () => {
  it('is announced over what is open, and goes on when its user says so, in every tab', async () => {
    const account = demoAccount('user', system.accounts);
    const page = await visitors.openPage();
    await signInDirectly(page, account);
    const other = await page.context().newPage();
    await openAccount(other);
    await openAccount(page);
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    const question = page.getByRole('dialog').filter({ hasText: 'Sign out everywhere' });
    await question.waitFor();
    const warnings = [page, other].map((tab) => tab.getByRole('alertdialog', { name: 'Are you still there?' }));
    await Promise.all(warnings.map((warning) => warning.waitFor()));
    await warnings[0]?.getByRole('button', { name: 'Stay signed in' }).click();

    await Promise.all(warnings.map((warning) => warning.waitFor({ state: 'hidden' })));
    expect(await question.isVisible()).toBe(true);
    expect(await isSignedIn(page)).toBe(true);
    expect(new URL(other.url()).pathname).toBe('/account');
  });
});

describe('a form that is half filled when the session ends', () => {
  it('is filled in again for the same person, and not for another', async () => {
    const account = demoAccount('vendor', system.accounts);
    const page = await visitors.openPage();
    await signInDirectly(page, account);
    const typed = await fillHalf(page, 'Half a lamp');
    await endFromElsewhere(account);
    await page.waitForURL(/\/signed-out\?reason=ended/);
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await submitSignIn(page, account);
    await page.getByText('We kept what you typed').waitFor();
    expect(await typed.inputValue()).toBe('Half a lamp');

    await endFromElsewhere(account);
    await page.waitForURL(/\/signed-out\?reason=ended/);
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await submitSignIn(page, demoAccount('admin', system.accounts));
    await addButton(page).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain('Half a lamp');
  });
});

async function fillHalf(page: Page, name: string): Promise<Locator> {
  await openProducts(page);
  await addButton(page).click();
  const field = page.getByRole('dialog').getByLabel('Name');
  await field.fill(name);
  return field;
}

/** What an owner does in another browser. */
async function endFromElsewhere(account: Credentials): Promise<void> {
  const other = await visitors.openPage();
  await signInDirectly(other, account);
  expect(await callApi(other, '/auth/sessions/revoke-all', { method: 'POST', json: {} })).toMatchObject({
    status: 200,
  });
}

describe('the way back after signing in', () => {
  it.each([
    { name: 'another site', returnTo: 'https://attacker.example/' },
    { name: 'another site without a scheme', returnTo: '//attacker.example/' },
    { name: 'another site behind a backslash', returnTo: '/\\attacker.example/' },
    { name: 'a script', returnTo: 'javascript:alert(1)' },
  ])('never leads to $name', async ({ returnTo }) => {
    const page = await visitors.openPage();
    await page.goto(`/auth/sign-in?returnTo=${encodeURIComponent(returnTo)}`);
    await submitSignIn(page, demoAccount('user', system.accounts));
    await page.waitForURL((url) => url.pathname !== '/auth/sign-in');
    expect(page.url()).toBe(`${system.url}/`);
  });
});

/** The question whether a session lives does not keep it alive. */
async function waitForExpiry(page: Page): Promise<void> {
  await expect.poll(() => isSignedIn(page), { timeout: patienceMilliseconds, interval: 500 }).toBe(false);
}
