import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useVisitors } from './browser.ts';
import { findingsInEveryLook } from './every-look.ts';
import { signInAsNewcomer } from './new-account.ts';
import { watchTroubles } from './page-findings.ts';
import { beginSignIn, factorRow, openSecurity, saveRecoveryCodes, submitCode, turnOnApp } from './security-page.ts';
import { signOut } from './sign-in.ts';

const visitors = useVisitors();

describe('in every look, light and dark, on a desk and on a phone', () => {
  it('the pages of the second factor are quiet, accessible and no wider than the window', async () => {
    const page = await visitors.openPage({ reducedMotion: 'reduce' });
    const troubles = watchTroubles(page);
    const findings: string[] = [];
    const look = async (name: string) => findings.push(...(await findingsInEveryLook(page, name)));
    const account = await signInAsNewcomer(page);
    await page.goto('/auth/confirm?returnTo=%2Fproducts');
    await page.getByLabel('Password', { exact: true }).waitFor();
    await look('step-up-password');
    await openSecurity(page);
    await look('security-without');
    await page.getByRole('button', { name: 'Set up Authenticator app' }).click();
    const { app } = await setUpAppWithLooks(page, look);
    await look('security-with');
    await page.goto('/auth/confirm?returnTo=%2Fproducts&acr_values=mfa');
    await page.locator('#code').waitFor();
    await look('step-up-code');
    await page.goto('/');
    await signOut(page);
    await beginSignIn(page, account);
    await page.locator('#code').waitFor();
    await look('second-factor');
    await page.getByRole('link', { name: 'Recovery code' }).click();
    await look('second-factor-recovery');
    findings.push(...troubles.take());
    await submitCode(page, 'wrong');
    await page.getByText('That code isn’t right').waitFor();
    await look('second-factor-refused');
    await page.getByRole('link', { name: 'Authenticator app' }).click();
    await submitCode(page, await app.nextCode());
    await page.getByRole('heading', { level: 1, name: /^Welcome in/ }).waitFor();
    await page.goto('/auth/two-step');
    await page.getByRole('heading', { name: 'Please sign in again' }).waitFor();
    await look('second-factor-none');
    expect(findings).toEqual([]);
  }, 300_000);

  async function setUpAppWithLooks(page: Page, look: (name: string) => Promise<number>) {
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    await look('security-qr-code');
    // Begun anew below: what was shown for the picture is void by then.
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Set up Authenticator app' }).click();
    const owned = await turnOnApp(page);
    await look('security-recovery-codes');
    await saveRecoveryCodes(page, 'Done');
    await factorRow(page, 'Authenticator app').getByText('On', { exact: true }).waitFor();
    return owned;
  }
});
