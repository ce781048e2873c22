import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAuthJsSystem, type AuthJsSystem } from './auth-js-system.ts';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { demoAccount, submitSignIn } from './sign-in.ts';

const visitors = useVisitors();

describe.each(['vault', 'cookie'] as const)('a shell with next-auth and the storage "%s"', (storage) => {
  let running: AuthJsSystem;
  beforeAll(async () => {
    running = await startAuthJsSystem(storage);
    // The first one builds the shell.
  }, 600_000);
  afterAll(() => running.dispose());

  const vendor = () => demoAccount('vendor', running.system.accounts);
  const openShell = async (path = '/'): Promise<Page> => {
    const page = await visitors.openPage({ baseURL: running.shellUrl });
    await page.goto(path);
    return page;
  };
  /** From wherever the shell sends a stranger, to the page that was asked for. */
  const signInAtProvider = async (page: Page): Promise<void> => {
    await page.waitForURL(`${running.system.url}/auth/sign-in**`);
    await submitSignIn(page, vendor());
    await page.waitForURL(`${running.shellUrl}/**`);
  };
  const isSignedIn = async (page: Page): Promise<boolean> =>
    page.evaluate(async () => 'user' in ((await (await fetch('/api/auth/session')).json()) as object));

  it('signs in at the gateway, and comes back to the zone that was asked for', async () => {
    const page = await openShell('/account');
    await signInAtProvider(page);
    await page.waitForURL(`${running.shellUrl}/account`);
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    expect(await page.locator('main').innerText()).toContain(vendor().email);
    expect(await isSignedIn(page)).toBe(true);
    // Sessions are looked after at the gateway itself: no section of the page may show an error about it.
    await expect.poll(() => page.getByRole('heading', { name: 'Your devices' }).count()).toBe(0);
    expect(await page.getByRole('alert').filter({ hasText: /\S/ }).count()).toBe(0);
  });

  it('hosts pages of several zones and calls of their scripts after one sign-in', async () => {
    const page = await openShell();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await signInAtProvider(page);
    await page.getByText(/The shop has \d+ products for you/).waitFor();
    await page.getByRole('link', { name: 'Products' }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(new URL(page.url()).origin).toBe(running.shellUrl);
    const status = await page.evaluate(async () => (await fetch('/api/shop/products')).status);
    expect(status).toBe(200);
    await page.goto('/account');
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
  });

  it('has the router of a zone go to its other pages, without a new document', async () => {
    const page = await openShell('/account');
    await signInAtProvider(page);
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    const documents: string[] = [];
    page.on('request', (request) => request.isNavigationRequest() && documents.push(request.url()));
    await page.getByRole('link', { name: 'Security' }).first().click();
    await page.waitForURL(`${running.shellUrl}/account/security`);
    await page.getByRole('heading', { level: 1, name: 'Security' }).waitFor();
    expect(documents).toEqual([]);
  });

  it('shows no token to a script of its pages', async () => {
    const page = await openShell('/account');
    await signInAtProvider(page);
    const seen = await page.evaluate(async () => {
      const texts = await Promise.all(
        ['/api/auth/session', '/auth/session', '/'].map(async (url) => (await fetch(url)).text()),
      );
      return [document.cookie, JSON.stringify({ ...localStorage }), ...texts].join('\n');
    });
    expect(seen).not.toMatch(/eyJ|sp_[a-z]{2}_/);
  });

  it('signs out of the shell, the gateway and every zone by the button of a zone', async () => {
    const page = await openShell('/account');
    await signInAtProvider(page);
    await page.getByRole('button', { name: /^Menu of/ }).click();
    await page.locator('#user-menu').getByRole('button', { name: 'Sign out' }).click();
    await confirmSignOut(page, running.system.url);
    await page.waitForURL(`${running.shellUrl}/signed-out`);
    expect(await isSignedIn(page)).toBe(false);
    const gateway = await page.context().newPage();
    await gateway.goto(`${running.system.url}/auth/session`);
    expect(await gateway.locator('body').innerText()).toContain('signed-out');
    await page.goto('/account');
    await page.waitForURL(`${running.system.url}/auth/sign-in**`);
  });

  it('signs out by a form without a script', async () => {
    const page = await openShell();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await signInAtProvider(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await confirmSignOut(page, running.system.url);
    await page.waitForURL(`${running.shellUrl}/signed-out`);
    expect(await isSignedIn(page)).toBe(false);
  });

  it('ends when its user signs out at the gateway (back-channel logout)', async () => {
    const page = await openShell('/account');
    await signInAtProvider(page);
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    const gateway = await page.context().newPage();
    await gateway.goto(`${running.system.url}/auth/session`);
    const status = await gateway.evaluate(async () => {
      const answer = await fetch('/auth/sign-out', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      return answer.status;
    });
    expect(status).toBe(204);
    const other = await page.context().newPage();
    await other.goto('/');
    await expect.poll(() => isSignedIn(other), { timeout: patienceMilliseconds }).toBe(false);
    await other.goto('/account');
    await other.waitForURL(`${running.system.url}/auth/sign-in**`);
    // There is no stream of the session behind a shell: an open page finds out by itself within a minute.
    await page.waitForURL((url) => url.pathname !== '/account', { timeout: 75_000 });
  }, 150_000);

  it('has no fault in its log', () => {
    expect(running.shellLog()).not.toMatch(/"level":"error"|Error:/);
  });
});

/** A page of the gateway asks whether the user means it. */
async function confirmSignOut(page: Page, gatewayUrl: string): Promise<void> {
  await page.waitForURL(`${gatewayUrl}/oauth2/**`);
  await page.getByRole('button', { name: /sign out/i }).click();
}
