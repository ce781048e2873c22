import type { Page } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';
import { openAccount, sessionRows, signOutEverywhere, signOutTheOthers } from './account-page.ts';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { callApi, isSignedIn } from './call-api.ts';
import { openReady } from './hydrated-page.ts';
import { createAccount, signInAsNewcomer, signInDirectly, type Account } from './new-account.ts';
import { openProducts } from './products-page.ts';
import { signIn, signOut, submitSignIn } from './sign-in.ts';

const visitors = useVisitors();
const linux = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

describe('two browsers of one person', () => {
  it('are both listed, with the device, and each knows which one it is', async () => {
    const { desk, phone } = await openTwoBrowsers();
    await openAccount(desk);
    await expect.poll(() => sessionRows(desk).count()).toBe(2);
    const here = sessionRows(desk).filter({ hasText: 'This device' });
    expect(await here.count()).toBe(1);
    expect(await here.innerText()).toMatch(/Chrome.*Linux/);
    expect(await sessionRows(desk).filter({ hasNotText: 'This device' }).innerText()).toMatch(/Safari.*(?:iOS|iPhone)/);

    await openAccount(phone);
    expect(await sessionRows(phone).filter({ hasText: 'This device' }).innerText()).toMatch(/Safari/);
  });

  it('can end one another: the other leaves by itself', async () => {
    const { desk, phone } = await openTwoBrowsers();
    await openProducts(phone);
    await openAccount(desk);
    await sessionRows(desk)
      .filter({ hasText: 'Safari' })
      .getByRole('button', { name: /^Sign out/ })
      .click();
    await expect.poll(() => sessionRows(desk).count()).toBe(1);

    await phone.waitForURL(/\/signed-out\?reason=ended/);
    await phone.getByRole('heading', { level: 1, name: 'Your session has ended' }).waitFor();
    expect(await isSignedIn(phone)).toBe(false);
    expect(await isSignedIn(desk)).toBe(true);
  });

  it('are parted by "sign out the others"; this one stays', async () => {
    const { desk, phone } = await openTwoBrowsers();
    await openAccount(desk);
    await signOutTheOthers(desk);
    await expect.poll(() => sessionRows(desk).count()).toBe(1);
    expect(await isSignedIn(desk)).toBe(true);
    await phone.goto('/account');
    expect(new URL(phone.url()).pathname).toBe('/auth/sign-in');
  });

  it('are both out after "sign out everywhere"', async () => {
    const { desk, phone, account } = await openTwoBrowsers();
    await openAccount(phone);
    await openAccount(desk);
    await signOutEverywhere(desk);
    await desk.getByRole('heading', { level: 1, name: 'You’re signed out everywhere' }).waitFor();
    expect((await desk.context().cookies()).map(({ name }) => name)).toEqual(['__Host-sallyport-device']);

    await phone.waitForURL(/\/signed-out\?reason=ended/);
    expect(await isSignedIn(phone)).toBe(false);
    await signIn(phone, account);
  });

  it('never see or end the session of another user', async () => {
    const { desk } = await openTwoBrowsers();
    const stranger = await visitors.openPage();
    await signInAsNewcomer(stranger);
    const { body } = await callApi(desk, '/auth/sessions');
    const [{ sid = '' } = {}] = body['sessions'] as readonly { readonly sid?: string }[];
    expect(sid).not.toBe('');

    expect(await callApi(stranger, `/auth/sessions/${sid}`, { method: 'DELETE' })).toMatchObject({ status: 404 });
    const theirs = await callApi(stranger, '/auth/sessions');
    expect(JSON.stringify(theirs.body)).not.toContain(sid);
    expect(await isSignedIn(desk)).toBe(true);
  });
});

describe('tabs of one browser', () => {
  it('all leave after one sign-out, in the shell and in the zone', async () => {
    const page = await visitors.openPage();
    await signInAsNewcomer(page);
    const tabs = [page, await page.context().newPage(), await page.context().newPage()] as const;
    await openProducts(tabs[0]);
    await openAccount(tabs[1]);
    await openReady(tabs[2], '/');
    await signOut(tabs[1]);
    await Promise.all(tabs.map((tab) => tab.waitForURL(/\/signed-out\?reason=signed-out/)));
  });

  it('all leave after a sign-out in the shell', async () => {
    const page = await visitors.openPage();
    await signInAsNewcomer(page);
    await openReady(page, '/');
    const zone = await page.context().newPage();
    await openAccount(zone);
    await signOut(page);
    await zone.waitForURL(/\/signed-out\?reason=signed-out/);
  });

  it('show nothing private when the back button is pressed after a sign-out', async () => {
    const page = await visitors.openPage();
    const account = await signInAsNewcomer(page);
    await openProducts(page);
    await openAccount(page);
    await signOut(page);
    await page.goBack();
    await page.waitForLoadState();
    // The page leaves by itself, perhaps while it is looked at.
    const text = await vi.waitFor(
      () =>
        page.evaluate(() => {
          if (document.readyState !== 'complete') throw new Error('The page is still loading');
          return document.documentElement.outerHTML;
        }),
      { timeout: patienceMilliseconds },
    );
    expect(text).not.toContain(account.email);
    expect(text).not.toContain(account.name);
  });

  it('follow another person who signs in', async () => {
    const page = await visitors.openPage();
    const first = await createAccount(page);
    const second = await createAccount(page);
    await page.goto('/auth/sign-in');
    const other = await page.context().newPage();
    await signInDirectly(other, first);
    await openAccount(other);
    await other.getByRole('main').getByText(first.email).waitFor();
    await submitSignIn(page, second);
    await other.getByRole('main').getByText(second.email).waitFor();
    expect(await other.content()).not.toContain(first.email);
  });
});

interface TwoBrowsers {
  readonly desk: Page;
  readonly phone: Page;
  readonly account: Account;
}

async function openTwoBrowsers(): Promise<TwoBrowsers> {
  const desk = await visitors.openPage({ userAgent: linux });
  const phone = await visitors.openPage({ userAgent: iphone });
  const account = await signInAsNewcomer(desk);
  await signInDirectly(phone, account);
  // The gateway remembers both from here on.
  for (const page of [desk, phone]) expect(await isSignedIn(page)).toBe(true);
  return { desk, phone, account };
}
