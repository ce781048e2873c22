import { describe, expect, it, vi } from 'vitest';
import { sessionRows } from './account-page.ts';
import { enterAcme, goToAcme, signInWithAcme } from './acme-sso.ts';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { callApi, isSignedIn } from './call-api.ts';
import { findingsInEveryLook } from './every-look.ts';
import { openReady, waitUntilHydrated } from './hydrated-page.ts';
import { readMails, waitForMail } from './mailbox.ts';
import { signInAsNewcomer } from './new-account.ts';
import { watchTroubles } from './page-findings.ts';
import { setUpApp, submitCode } from './security-page.ts';
import { sharedSystem } from './shared-system.ts';
import { demoAccount, signOut } from './sign-in.ts';

const { mailbox, acmeSso } = sharedSystem;
const visitors = useVisitors();

describe('a sign-in with Acme SSO', () => {
  it('begins at the shell, makes an account, and comes back to the page that was asked for', async () => {
    const page = await visitors.openPage({ reducedMotion: 'reduce' });
    const troubles = watchTroubles(page);
    const findings: string[] = [];
    await page.goto('/account');
    await page.waitForURL(/\/auth\/sign-in\?returnTo=%2Faccount/);
    await waitUntilHydrated(page);
    findings.push(...(await findingsInEveryLook(page, 'sign-in-with-others')));
    await goToAcme(page);
    findings.push(...(await findingsInEveryLook(page, 'acme-choose')));
    await page.getByRole('button', { name: /Remy Reyes/ }).click();
    const allow = page.getByRole('button', { name: 'Allow' });
    await allow.waitFor();
    findings.push(...(await findingsInEveryLook(page, 'acme-consent')));
    await allow.click();
    await page.waitForURL(/\/account$/);
    await sessionRows(page).first().getByText('with another provider').waitFor();
    const { body } = await callApi(page, '/auth/session');
    expect(body).toMatchObject({ user: { name: 'Remy Reyes', email: 'remy.reyes@acme.test' } });
    expect([...findings, ...troubles.take()]).toEqual([]);

    // The same person at another browser enters the same account, and is not asked to agree again.
    const other = await visitors.openPage();
    await signInWithAcme(other, 'Remy Reyes');
    await other.waitForURL(/\/account$/);
    const idOf = async (one: typeof page) => (await callApi(one, '/auth/session')).body['user'];
    expect(await idOf(other)).toEqual(await idOf(page));
  });

  it('works without a script', async () => {
    const page = await visitors.openPage({ javaScriptEnabled: false });
    await page.goto('/auth/sign-in?returnTo=%2Faccount');
    await page.getByRole('button', { name: 'Continue with Acme SSO' }).click();
    await page.waitForURL((url) => url.origin === acmeSso);
    await enterAcme(page, 'Uma User');
    await page.waitForURL(/\/account$/);
  });

  it('enters the account whose owner proved the same address, and tells the owner', async () => {
    const page = await visitors.openPage();
    await signInWithAcme(page, 'Uma User');
    await page.waitForURL(/\/account$/);
    const { email } = demoAccount('user');
    expect((await callApi(page, '/auth/session')).body).toMatchObject({ user: { email } });
    await waitForMail(mailbox, email, 'provider-connected');
  });

  it('enters no account by an address that Acme never confirmed', async () => {
    const page = await visitors.openPage();
    await signInWithAcme(page, 'Mal Mallory');
    await page.waitForURL(/\/auth\/check-mail/);
    expect(await isSignedIn(page)).toBe(false);
    const { email } = demoAccount('admin');
    await waitForMail(mailbox, email, 'provider-address-taken');
    expect(JSON.stringify(await readMails(mailbox, email))).not.toContain('Mal Mallory');
  });

  it('that is cancelled at Acme says so on the sign-in page, and still leads to the page that was asked for', async () => {
    const page = await visitors.openPage({ reducedMotion: 'reduce' });
    await page.goto('/auth/sign-in?returnTo=%2Faccount');
    await goToAcme(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.waitForURL(/\/auth\/sign-in/);
    await page.getByRole('alert').getByText('You cancelled the sign-in').waitFor();
    await waitUntilHydrated(page);
    expect(await findingsInEveryLook(page, 'sign-in-cancelled')).toEqual([]);
    expect(await isSignedIn(page)).toBe(false);
    await goToAcme(page);
    await enterAcme(page, 'Uma User');
    await page.waitForURL(/\/account$/);
  });

  it('asks for the second factor of an account that has one; the account is connected, and disconnected again', async () => {
    const page = await visitors.openPage({ reducedMotion: 'reduce' });
    const findings: string[] = [];
    const account = await signInAsNewcomer(page);
    const { app } = await setUpApp(page);
    await openReady(page, '/account/connected');
    const main = page.locator('main');
    await main.getByRole('button', { name: 'Connect Acme SSO' }).waitFor();
    findings.push(...(await findingsInEveryLook(page, 'connected-none')));
    await goToAcme(page, 'Connect Acme SSO');
    await enterAcme(page, 'Lin Park');
    await page.waitForURL(/\/account\/connected$/);
    await main.getByText('lin.park@acme.test').waitFor();
    findings.push(...(await findingsInEveryLook(page, 'connected-one')));
    await waitForMail(mailbox, account.email, 'provider-connected');
    await signOut(page);

    await page.goto('/auth/sign-in?returnTo=%2Faccount%2Fconnected');
    // Acme still knows who is there, and asks nothing.
    await page.getByRole('button', { name: 'Continue with Acme SSO' }).click();
    await page.waitForURL(/\/auth\/two-step/);
    expect(await isSignedIn(page)).toBe(false);
    await submitCode(page, await app.nextCode());
    await page.waitForURL(/\/account\/connected$/);

    await waitUntilHydrated(page);
    await main.getByRole('button', { name: 'Disconnect Acme SSO' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await main.getByRole('button', { name: 'Disconnect Acme SSO' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    await main.getByText('Acme SSO is no longer connected.').waitFor();
    await main.getByRole('button', { name: 'Connect Acme SSO' }).waitFor();
    await waitForMail(mailbox, account.email, 'provider-disconnected');
    expect(findings).toEqual([]);
  }, 180_000);

  it('is not disconnected where it is the last way into the account', async () => {
    const page = await visitors.openPage({ reducedMotion: 'reduce' });
    await signInWithAcme(page, 'Remy Reyes', '/account/connected');
    await page.waitForURL(/\/account\/connected$/);
    await waitUntilHydrated(page);
    const main = page.locator('main');
    await main.getByText('It is the only way into your account').waitFor();
    expect(await findingsInEveryLook(page, 'connected-last-way')).toEqual([]);
    expect(await main.getByRole('button', { name: /^Disconnect/ }).count()).toBe(0);
    const { body } = await callApi(page, '/auth/account/providers');
    const [{ id }] = body['connected'] as [{ readonly id: string }];
    const answer = await callApi(page, `/auth/account/providers/${id}`, { method: 'DELETE' });
    expect([answer.status, answer.body['code']]).toEqual([409, 'SP_LAST_SIGN_IN_METHOD']);
  });

  it('ends when the person signs out of Acme', async () => {
    const page = await visitors.openPage();
    await signInWithAcme(page, 'Remy Reyes');
    await page.waitForURL(/\/account$/);
    expect(await isSignedIn(page)).toBe(true);
    const atAcme = await page.context().newPage();
    await atAcme.goto(acmeSso);
    await atAcme.getByRole('button', { name: 'Sign out of Acme SSO' }).click();
    await atAcme.getByText('You are not signed in here').waitFor();
    const probe = await page.context().newPage();
    await probe.goto('/healthz');
    await vi.waitFor(async () => expect(await isSignedIn(probe)).toBe(false), {
      timeout: patienceMilliseconds,
      interval: 200,
    });
  });
});
