import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { sessionRows } from './account-page.ts';
import { useVisitors } from './browser.ts';
import { waitUntilHydrated } from './hydrated-page.ts';
import { findAxeViolations, horizontalOverflow, walkByTab, watchTroubles } from './page-findings.ts';
import { catalogueProduct, openProducts, productRow } from './products-page.ts';
import { sharedSystem } from './shared-system.ts';
import { demoAccount } from './sign-in.ts';
import { openSignedIn } from './signed-in-page.ts';

const visitors = useVisitors();
const { screenshotFolder } = sharedSystem;

interface VisitedPage {
  readonly name: string;
  readonly path: string;
  /** Status of the answer, when it is not 200. */
  readonly status?: number;
  /** Waits for what the page fetches by itself. */
  readonly settled?: (page: Page) => Promise<void>;
}

const strangersPages: readonly VisitedPage[] = [
  { name: 'home', path: '/' },
  { name: 'sign-up', path: '/auth/sign-up' },
  { name: 'sign-in', path: '/auth/sign-in?returnTo=%2Faccount' },
  { name: 'forgot-password', path: '/auth/forgot' },
  { name: 'reset-password', path: '/auth/reset?token=anything' },
  { name: 'reset-password-without-token', path: '/auth/reset' },
  { name: 'verify-email-without-token', path: '/auth/verify' },
  { name: 'signed-out', path: '/auth/signed-out?reason=ended&returnTo=%2Faccount' },
  { name: 'errors', path: '/errors' },
  { name: 'error', path: '/errors/SP_FORBIDDEN' },
  { name: 'not-found', path: '/no/such/page', status: 404 },
];
const peoplesPages: readonly VisitedPage[] = [
  { name: 'home-signed-in', path: '/' },
  { name: 'sign-in-signed-in', path: '/auth/sign-in' },
  {
    name: 'products',
    path: '/products',
    settled: (page) => productRow(page, catalogueProduct.name).waitFor(),
  },
  { name: 'behind-the-door', path: '/behind-the-door', settled: (page) => page.getByRole('article').waitFor() },
  { name: 'account', path: '/account', settled: (page) => sessionRows(page).first().waitFor() },
  {
    name: 'connected-accounts',
    path: '/account/connected',
    settled: (page) => page.getByRole('heading', { name: 'Connect an account' }).waitFor(),
  },
];

/** What is on a picture. A dialog stands in the middle of the window, not of the page. */
type Extent = 'page' | 'window';

const desktop = { width: 1280, height: 800 };
const phone = { width: 360, height: 740 };
const looks = [
  { look: 'desktop-light', viewport: desktop, colorScheme: 'light' },
  { look: 'desktop-dark', viewport: desktop, colorScheme: 'dark' },
  { look: 'phone-light', viewport: phone, colorScheme: 'light' },
  { look: 'phone-dark', viewport: phone, colorScheme: 'dark' },
] as const;

beforeAll(async () => {
  if (screenshotFolder !== undefined) await mkdir(screenshotFolder, { recursive: true });
});

describe('in every look, light and dark, on a desk and on a phone', () => {
  it('the pages for strangers are whole, quiet, accessible and no wider than the window', async () => {
    const page = await visitors.openPage({ reducedMotion: 'reduce' });
    expect(await visitAll(page, strangersPages)).toEqual([]);
  });

  it('the pages for people are whole, quiet, accessible and no wider than the window', async () => {
    const page = await openSignedIn(visitors, demoAccount('admin'), { reducedMotion: 'reduce' });
    expect(await visitAll(page, peoplesPages)).toEqual([]);
  });

  it('menus, dialogs and refused forms are accessible and no wider than the window', async () => {
    const page = await openSignedIn(visitors, demoAccount('admin'), { reducedMotion: 'reduce' });
    await openProducts(page);
    const lamp = productRow(page, catalogueProduct.name);

    await lamp.getByRole('button', { name: /^Edit/ }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').first().waitFor();
    const findings = [...(await findingsInEveryLook(page, 'refused-form', 'window'))];
    await page.keyboard.press('Escape');

    await lamp.getByRole('button', { name: /^Delete/ }).click();
    await page.getByRole('dialog').waitFor();
    findings.push(...(await findingsInEveryLook(page, 'dialog', 'window')));
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: /^Menu of/ }).click();
    await page.locator('#user-menu').getByRole('button', { name: 'Sign out' }).waitFor();
    findings.push(...(await findingsInEveryLook(page, 'menu', 'window')));
    expect(findings).toEqual([]);
  });
});

describe('without a mouse', () => {
  it('the form to sign in can be walked through, and every stop is seen', async () => {
    const page = await visitors.openPage();
    await page.goto('/auth/sign-in');
    await waitUntilHydrated(page);
    // Typing begins in the first field; what comes before it is reached backwards.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('email');
    const stops = await walkByTab(page);
    expect(stops.filter(({ isVisible }) => !isVisible)).toEqual([]);
    const form = [
      'Password',
      'Show password',
      'Sign in',
      'Forgot password?',
      'Continue with Acme SSO',
      'Create an account',
    ];
    expect(stops.map(({ name }) => name).slice(0, form.length)).toEqual(form);
  });

  it.each([
    { name: 'products', path: '/products', controls: [/^Menu of/, /^Add a product$/, /^Edit/, /^Delete/] },
    { name: 'account', path: '/account', controls: [/^Menu of/, /^Sign out$/, /^Sign out everywhere$/] },
    { name: 'behind the door', path: '/behind-the-door', controls: [/^Menu of/, /^Pause$/, /^GET/] },
  ])('the controls of $name are reached, and every stop is seen', async ({ path, controls }) => {
    const page = await openSignedIn(visitors, demoAccount('admin'));
    await page.goto(path);
    await waitUntilHydrated(page);
    await page.getByRole('main').getByRole('button').first().waitFor();
    const stops = await walkByTab(page);
    expect(stops.filter(({ isVisible }) => !isVisible)).toEqual([]);
    const names = stops.map(({ name }) => name);
    expect(controls.filter((control) => !names.some((name) => control.test(name)))).toEqual([]);
  });

  it('the skip link leads past the header', async () => {
    const page = await openSignedIn(visitors, demoAccount('admin'));
    await openProducts(page);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
  });

  it('signing in and out works', async () => {
    const page = await visitors.openPage();
    await page.goto('/auth/sign-in');
    await waitUntilHydrated(page);
    const { email, password } = demoAccount('user');
    await page.getByLabel('Email address').focus();
    await page.keyboard.type(email);
    await page.getByLabel('Password', { exact: true }).focus();
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /^Welcome in/ }).waitFor();
    await waitUntilHydrated(page);
    await page.getByRole('button', { name: /^Menu of/ }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#user-menu').getByRole('button', { name: 'Sign out' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/signed-out/);
  });
});

/** Visits pages one after the other and gives everything that is wrong with any of them. */
async function visitAll(page: Page, pages: readonly VisitedPage[]): Promise<readonly string[]> {
  const troubles = watchTroubles(page);
  const findings: string[] = [];
  for (const { name, path: address, status = 200, settled } of pages) {
    const response = await page.goto(address);
    if (response?.status() !== status) findings.push(`${name}: answered ${response?.status()}`);
    await waitUntilHydrated(page);
    await settled?.(page);
    findings.push(...(await findingsInEveryLook(page, name)));
    findings.push(...troubles.take().map((trouble) => `${name}: ${trouble}`));
  }
  return findings;
}

/** The page stays loaded: like a window that is made smaller, or a system that turns dark in the evening. */
async function findingsInEveryLook(page: Page, name: string, extent: Extent = 'page'): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const { look, viewport, colorScheme } of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    findings.push(...(await findingsOf(page, `${name} (${look})`)));
    await takePicture(page, `${name}.${look}`, extent);
  }
  return findings;
}

async function findingsOf(page: Page, name: string): Promise<readonly string[]> {
  const headings = await page.locator('h1').count();
  const overflow = await horizontalOverflow(page);
  const title = await page.title();
  return [
    ...(headings === 1 ? [] : [`${name}: has ${headings} first headings`]),
    ...(overflow <= 0 ? [] : [`${name}: is ${overflow} pixels too wide`]),
    ...(/Sallyport/.test(title) ? [] : [`${name}: is called "${title}"`]),
    ...(await findAxeViolations(page)).map((violation) => `${name}: ${violation}`),
  ];
}

async function takePicture(page: Page, name: string, extent: Extent): Promise<void> {
  if (screenshotFolder === undefined) return;
  await page.screenshot({ path: path.join(screenshotFolder, `${name}.png`), fullPage: extent === 'page' });
}
