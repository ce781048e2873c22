import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useVisitors } from './browser.ts';
import { callApi } from './call-api.ts';
import { waitForMail } from './mailbox.ts';
import { startOwnSystem, type OwnSystem } from './own-system.ts';
import { beginSignIn, factorRow, openSecurity, turnOnApp } from './security-page.ts';
import { demoAccount } from './sign-in.ts';

let system: OwnSystem;
const visitors = useVisitors(() => system.url);

beforeAll(async () => {
  system = await startOwnSystem({ gatewayEnvironment: { DEMO_SECOND_FACTOR_ROLES: 'vendor, admin' } });
});
afterAll(() => system.dispose());

describe('two tabs of an account whose role demands a second factor', () => {
  it('remove both of its factors at the same moment: one is removed, and the other tab is told why not', async () => {
    const page = await openWithApp('vendor');
    await addEmail(page, demoAccount('vendor', system.accounts).email);
    const other = await page.context().newPage();
    await openSecurity(other);
    await askToRemove(page, 'Authenticator app');
    await askToRemove(other, 'Code by email');
    await Promise.all([page, other].map((tab) => confirmButton(tab).click()));

    const outcomes = await Promise.all([page, other].map(outcomeOf));
    expect(outcomes.toSorted()).toEqual(['refused', 'removed']);
    expect(await factorsOf(page)).toHaveLength(1);
  });

  it('add one and remove the other at the same moment: one is left in any order, and both tabs agree', async () => {
    const page = await openWithApp('admin');
    const { email } = demoAccount('admin', system.accounts);
    const other = await page.context().newPage();
    await openSecurity(other);
    const code = await beginEmail(page, email);
    await askToRemove(other, 'Authenticator app');
    await Promise.all([page.getByLabel('Code that you received').fill(code), confirmButton(other).click()]);

    await outcomeOf(other);
    await expect.poll(async () => (await factorsOf(page)).length).toBeGreaterThan(0);
    const factors = await factorsOf(page);
    expect(factors).toContain('email');
    for (const tab of [page, other]) {
      await openSecurity(tab);
      await factorRow(tab, 'Code by email').getByText('On', { exact: true }).waitFor();
      const isAppOn = await factorRow(tab, 'Authenticator app').getByText('On', { exact: true }).count();
      expect(isAppOn).toBe(factors.includes('totp') ? 1 : 0);
    }
  });
});

/** Signs in, and sets up the authenticator app that the role demands. */
async function openWithApp(role: 'vendor' | 'admin'): Promise<Page> {
  const page = await visitors.openPage();
  await beginSignIn(page, demoAccount(role, system.accounts), '/account/security');
  await page.getByRole('button', { name: /^Authenticator app/ }).click();
  await turnOnApp(page);
  await page.getByRole('link', { name: 'I’ve saved these codes' }).click();
  await openSecurity(page);
  return page;
}

async function beginEmail(page: Page, email: string): Promise<string> {
  await page.getByRole('button', { name: 'Set up Code by email' }).click();
  await page.getByRole('button', { name: 'Send a code' }).click();
  await page.getByLabel('Code that you received').waitFor();
  const { code } = await waitForMail(system.mailbox, email, 'second-factor-code');
  return code ?? '';
}

async function addEmail(page: Page, email: string): Promise<void> {
  const code = await beginEmail(page, email);
  await page.getByLabel('Code that you received').fill(code);
  await factorRow(page, 'Code by email').getByText('On', { exact: true }).waitFor();
}

async function askToRemove(page: Page, name: string): Promise<void> {
  await factorRow(page, name)
    .getByRole('button', { name: /^Remove/ })
    .click();
  await confirmButton(page).waitFor();
}

function confirmButton(page: Page) {
  return page.getByRole('dialog').getByRole('button', { name: 'Remove' });
}

async function outcomeOf(page: Page): Promise<'removed' | 'refused'> {
  const removed = page.getByText(/ was removed\.$/);
  await removed
    .or(page.getByRole('alert').filter({ hasText: /\S/ }))
    .first()
    .waitFor();
  return (await removed.count()) > 0 ? 'removed' : 'refused';
}

async function factorsOf(page: Page): Promise<readonly string[]> {
  const { body } = await callApi(page, '/auth/second-factor');
  return (body['factors'] as readonly { readonly method: string }[]).map(({ method }) => method);
}
