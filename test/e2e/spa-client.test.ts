import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { callApi } from './call-api.ts';
import { findingsInEveryLook } from './every-look.ts';
import { createAccount, signInDirectly, type Account } from './new-account.ts';
import { watchTroubles } from './page-findings.ts';
import { setUpApp } from './security-page.ts';
import { sharedSystem } from './shared-system.ts';
import { demoAccount, signOut } from './sign-in.ts';
import { serveSpaPage, type SpaPage } from './spa-page.ts';

const { tokenOrigin, url: gateway } = sharedSystem;
const refreshPath = '/auth/token/refresh';

const visitors = useVisitors();
let served: SpaPage;
beforeAll(async () => {
  served = await serveSpaPage(gateway, tokenOrigin);
});
afterAll(() => served.close());

const newAccount = async (): Promise<Account> => createAccount(await visitors.openPage());
const title = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });
const fill = async (page: Page, { email, password }: Account, staysSignedIn = false): Promise<void> => {
  await title(page, 'Sign in').waitFor();
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password').fill(password);
  if (staysSignedIn) await page.getByLabel('Stay signed in').check();
  await page.getByRole('button', { name: 'Sign in' }).click();
};
const openSpa = async (context: BrowserContext): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(tokenOrigin);
  return page;
};
const listed = (page: Page) => page.getByRole('row').nth(1);
const countRefreshes = (context: BrowserContext): { readonly count: number } => {
  const counter = { count: 0 };
  context.on('request', (request) => {
    if (request.method() === 'POST' && request.url() === gateway + refreshPath) counter.count++;
  });
  return counter;
};
const changeRoles = async (account: Account, roles: readonly string[]): Promise<void> => {
  const user = await visitors.openPage();
  await signInDirectly(user, account);
  const { body } = await callApi(user, '/auth/session');
  const { id } = body['user'] as { readonly id: string };
  const admin = await visitors.openPage();
  await signInDirectly(admin, demoAccount('admin'));
  const changed = await callApi(admin, `/auth/users/${id}/roles`, { method: 'PUT', json: { roles } });
  expect(changed).toMatchObject({ status: 200 });
};

describe('a page on another origin', () => {
  it('signs in and calls a Nest service with a token, without a cookie, and says nothing in the console', async () => {
    const account = await newAccount();
    const context = await visitors.open();
    const page = await context.newPage();
    const troubles = watchTroubles(page);
    await page.goto(tokenOrigin);
    await fill(page, account);
    await listed(page).waitFor();
    expect(await context.cookies()).toEqual([]);
    expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);
    expect(troubles.take()).toEqual([]);

    await page.reload();
    await title(page, 'Sign in').waitFor();
  });

  it('refreshes once for forty calls of two tabs, and a sign-out in one reaches both', async () => {
    const account = await newAccount();
    const context = await visitors.open();
    const [first, second] = [await openSpa(context), await openSpa(context)];
    await fill(first, account, true);
    for (const tab of [first, second]) await listed(tab).waitFor();
    const refreshes = countRefreshes(context);
    // What ends every access token of the user, and no sign-in.
    await changeRoles(account, ['user', 'vendor']);
    const many = [first, second].map((tab) => tab.getByRole('button', { name: 'Twenty calls at once' }));
    await Promise.all(many.map((button) => button.click()));
    for (const [tab, button] of [first, second].map((each, index) => [each, many[index]] as const)) {
      await expect.poll(() => button?.isEnabled(), { timeout: patienceMilliseconds }).toBe(true);
      await listed(tab).waitFor();
    }
    expect(refreshes.count).toBe(1);

    await first.getByRole('button', { name: 'Sign out' }).click();
    for (const tab of [first, second]) await tab.getByText('You are signed out.').waitFor();
    expect(await second.evaluate(() => localStorage.length)).toBe(0);
    await second.reload();
    await title(second, 'Sign in').waitFor();
  });

  it('stays signed in through a reload, and is signed out in every tab when its device is, on the website', async () => {
    const account = await newAccount();
    const context = await visitors.open();
    const [first, second] = [await openSpa(context), await openSpa(context)];
    await fill(first, account, true);
    await listed(second).waitFor();
    await first.reload();
    await listed(first).waitFor();

    const website = await visitors.openPage();
    await signInDirectly(website, account);
    const { body } = await callApi(website, '/auth/sessions');
    const sessions = body['sessions'] as readonly { readonly sid: string; readonly program?: string }[];
    const device = sessions.find(({ program }) => program === 'Products page') ?? expect.fail('it is listed');
    expect(await callApi(website, `/auth/sessions/${device.sid}`, { method: 'DELETE' })).toMatchObject({ status: 204 });
    await first.getByRole('button', { name: 'Reload' }).click();
    for (const tab of [first, second]) await tab.getByText('Your sign-in has ended. Sign in again.').waitFor();
  });

  it('asks for a second factor, and takes no wrong code', async () => {
    const website = await visitors.openPage();
    const account = await createAccount(website);
    await signInDirectly(website, account);
    const { app } = await setUpApp(website);
    await signOut(website);
    const page = await openSpa(await visitors.open());
    await fill(page, account);
    await title(page, 'Confirm that it is you').waitFor();
    await page.getByLabel('Code', { exact: true }).fill('000000');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('That code is wrong').waitFor();
    expect(await findingsInEveryLook(page, 'spa-second-factor')).toEqual([]);
    await page.getByLabel('Code', { exact: true }).fill(await app.nextCode());
    await page.getByRole('button', { name: 'Continue' }).click();
    await listed(page).waitFor();
  });

  it('refuses a wrong password in words of its own, and keeps nothing', async () => {
    const account = await newAccount();
    const page = await openSpa(await visitors.open());
    await fill(page, { ...account, password: 'quiet-meadow-copper-17' }, true);
    await page.getByText('The email address or the password is wrong.').waitFor();
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
  });

  it('is accessible and fits its window, light and dark, on a desk and on a phone', async () => {
    const account = await newAccount();
    const page = await openSpa(await visitors.open());
    await title(page, 'Sign in').waitFor();
    const findings = [...(await findingsInEveryLook(page, 'spa-sign-in'))];
    await fill(page, { ...account, password: 'quiet-meadow-copper-17' });
    await page.getByText('The email address or the password is wrong.').waitFor();
    findings.push(...(await findingsInEveryLook(page, 'spa-refused')));
    await fill(page, account);
    await listed(page).waitFor();
    findings.push(...(await findingsInEveryLook(page, 'spa-products')));
    expect(findings).toEqual([]);
  });
});
