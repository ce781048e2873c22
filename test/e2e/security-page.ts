import type { Locator, Page } from 'playwright-core';
import { createAuthenticator, type Authenticator } from './authenticator.ts';
import { openReady, waitUntilHydrated } from './hydrated-page.ts';
import { submitSignIn, type Credentials } from './sign-in.ts';

/** What a user holds after setting up an authenticator app. */
export interface SetUpApp {
  readonly key: string;
  readonly app: Authenticator;
  readonly recoveryCodes: readonly string[];
}

/** Opens the page on which people look after their second factors. */
export async function openSecurity(page: Page): Promise<void> {
  await openReady(page, '/account/security');
  await factorRow(page, 'Authenticator app').waitFor();
}

/** The row of a second factor. */
export function factorRow(page: Page, name: string): Locator {
  return page.getByRole('region', { name: 'Two-step verification' }).getByRole('listitem').filter({ hasText: name });
}

/** Sets up an authenticator app on the page that is open, from the QR code to the saved recovery codes. */
export async function setUpAppOn(page: Page, doneLabel: string): Promise<SetUpApp> {
  const owned = await turnOnApp(page);
  await saveRecoveryCodes(page, doneLabel);
  return owned;
}

/** The first part of that: from the QR code to the list of recovery codes. */
export async function turnOnApp(page: Page): Promise<SetUpApp> {
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  const key = await page.locator('[data-secret]').innerText();
  const app = createAuthenticator(key);
  // Six digits submit themselves.
  await page.getByLabel('Code that the app shows').fill(await app.nextCode());
  await page.getByText('Save your recovery codes').waitFor();
  const recoveryCodes = await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allInnerTexts();
  return { key: key.replace(/\s/g, ''), app, recoveryCodes };
}

/** The second part: goes on only once they are saved. */
export async function saveRecoveryCodes(page: Page, doneLabel: string): Promise<void> {
  const done = page.getByRole('button', { name: doneLabel });
  if (await done.isEnabled()) throw new Error('the recovery codes can be passed by');
  await page.getByLabel(/^I have saved the codes/).check();
  await done.click();
}

/** Sets up an authenticator app on the security page of a user who just signed in. */
export async function setUpApp(page: Page): Promise<SetUpApp> {
  await openSecurity(page);
  await page.getByRole('button', { name: 'Set up Authenticator app' }).click();
  const owned = await setUpAppOn(page, 'Done');
  await factorRow(page, 'Authenticator app').getByText('On', { exact: true }).waitFor();
  return owned;
}

/** Types a code into the built-in page that asks for one. Six digits submit themselves. */
export async function submitCode(page: Page, code: string, button = 'Sign in'): Promise<void> {
  await waitUntilHydrated(page);
  await page.locator('#code').fill(code);
  if (!/^\d{6}$/.test(code)) await page.locator('main').getByRole('button', { name: button, exact: true }).click();
}

/** Takes the first step of the sign-in of an account with a second factor. */
export async function beginSignIn(page: Page, account: Credentials, returnTo?: string): Promise<void> {
  await page.goto(returnTo === undefined ? '/auth/sign-in' : `/auth/sign-in?returnTo=${encodeURIComponent(returnTo)}`);
  await submitSignIn(page, account);
  await page.waitForURL(/\/auth\/two-step/);
}
