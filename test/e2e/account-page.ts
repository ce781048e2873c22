import type { Locator, Page } from 'playwright-core';
import { openReady } from './hydrated-page.ts';

/** The list of sessions on the account page. */
export function sessionRows(page: Page): Locator {
  return page.getByRole('region', { name: 'Your devices' }).getByRole('listitem');
}

/** Opens the account page and waits for its list of sessions. */
export async function openAccount(page: Page, path = '/account'): Promise<void> {
  await openReady(page, path);
  await sessionRows(page).first().waitFor();
}

/** Ends every session but this browser's. */
export async function signOutTheOthers(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out other devices' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
}

/** Ends every session, this browser's too, and waits until it has left. */
export async function signOutEverywhere(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.waitForURL(/\/signed-out/);
}
