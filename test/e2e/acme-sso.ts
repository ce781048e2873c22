import type { Page } from 'playwright-core';
import { sharedSystem } from './shared-system.ts';

/** A person of Acme SSO, by name. */
export type AcmeName = 'Remy Reyes' | 'Uma User' | 'Lin Park' | 'Mal Mallory';

/** Presses the button of the page that is open, and waits until the browser is at Acme SSO. */
export async function goToAcme(page: Page, button = 'Continue with Acme SSO'): Promise<void> {
  await page.getByRole('button', { name: button }).click();
  await page.waitForURL((url) => url.origin === sharedSystem.acmeSso);
}

/** Chooses an account, and agrees where that is asked for; it is asked once. */
export async function enterAcme(page: Page, name: AcmeName): Promise<void> {
  await page.getByRole('heading', { name: 'Choose an account' }).waitFor();
  await page.getByRole('button', { name: new RegExp(name) }).click();
  const allow = page.getByRole('button', { name: 'Allow' });
  const isBack = page.waitForURL((url) => url.origin !== sharedSystem.acmeSso).then(() => 'back' as const);
  const isAsked = allow.waitFor().then(() => 'asked' as const);
  // Whichever comes second ends with the page, or never.
  isAsked.catch(() => {});
  if ((await Promise.race([isBack, isAsked])) === 'asked') await allow.click();
  await isBack;
}

/** From the sign-in page to the page that was asked for. */
export async function signInWithAcme(page: Page, name: AcmeName, returnTo = '/account'): Promise<void> {
  await page.goto(`/auth/sign-in?returnTo=${encodeURIComponent(returnTo)}`);
  await goToAcme(page);
  await enterAcme(page, name);
}
