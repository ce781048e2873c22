import type { Page } from 'playwright-core';
import { waitUntilHydrated } from './hydrated-page.ts';
import { sharedSystem } from './shared-system.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Signs in by the form, as a person would, and waits for the page after it. */
export async function signIn(page: Page, credentials: Credentials): Promise<void> {
  await page.goto('/auth/sign-in');
  await submitSignIn(page, credentials);
  await page.waitForURL((url) => url.pathname !== '/auth/sign-in');
}

/** Fills and sends the form of the page that is open. */
export async function submitSignIn(page: Page, { email, password }: Credentials): Promise<void> {
  await waitUntilHydrated(page);
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.locator('main').getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** Signs out by the menu in the header, and waits until the browser has left. */
export async function signOut(page: Page): Promise<void> {
  await waitUntilHydrated(page);
  await page.getByRole('button', { name: /^Menu of/ }).click();
  await page.locator('#user-menu').getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/signed-out/);
}

/** The demo account that holds a role. */
export function demoAccount(role: 'user' | 'vendor' | 'admin', accounts = sharedSystem.accounts): Credentials {
  const account = accounts.find(({ roles }) => roles.includes(role));
  if (account === undefined) throw new Error(`There is no demo account for the role ${role}`);
  return account;
}
