import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sessionRows, openAccount } from './account-page.ts';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { callApi, isSignedIn } from './call-api.ts';
import { findingsInEveryLook } from './every-look.ts';
import { readMails, waitForLink, waitForMail } from './mailbox.ts';
import { signInAsNewcomer, signInDirectly } from './new-account.ts';
import { startOwnSystem, type OwnSystem } from './own-system.ts';
import {
  beginSignIn,
  factorRow,
  openSecurity,
  saveRecoveryCodes,
  setUpApp,
  submitCode,
  turnOnApp,
} from './security-page.ts';
import { sharedSystem } from './shared-system.ts';
import { readStoredTexts, type StoredText } from './stored-texts.ts';
import { demoAccount, signOut } from './sign-in.ts';

const { mailbox } = sharedSystem;
const visitors = useVisitors();

describe('an authenticator app', () => {
  it('is set up with its QR code, asked for at the next sign-in, and leads on to the page that was asked for', async () => {
    const page = await visitors.openPage();
    const account = await signInAsNewcomer(page);
    const { app, recoveryCodes } = await setUpApp(page);
    expect(recoveryCodes).toHaveLength(10);
    expect(await waitForMail(mailbox, account.email, 'second-factor-added')).toBeDefined();
    await signOut(page);

    await beginSignIn(page, account, '/account');
    expect(await isSignedIn(page)).toBe(false);
    expect(page.url()).toContain('returnTo=%2Faccount');
    await submitCode(page, await app.nextCode());
    await page.waitForURL(/\/account$/);
    await sessionRows(page).first().getByText('with password and one-time code').waitFor();
  });

  it('shows a code that cannot be used a second time', async () => {
    const page = await visitors.openPage();
    const account = await signInAsNewcomer(page);
    const { app } = await setUpApp(page);
    const code = await app.nextCode();
    const thief = await visitors.openPage();
    await beginSignIn(thief, account);
    await signOut(page);
    await beginSignIn(page, account);
    await submitCode(page, code);
    await page.getByRole('heading', { level: 1, name: /^Welcome in/ }).waitFor();

    await submitCode(thief, code);
    await thief.getByText('That code isn’t right').waitFor();
    expect(await isSignedIn(thief)).toBe(false);
  });

  it('is not guessed: after five wrong codes the sign-in begins again', async () => {
    const page = await visitors.openPage();
    const account = await signInAsNewcomer(page);
    await setUpApp(page);
    await signOut(page);
    await beginSignIn(page, account);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const answered = page.waitForResponse(
        (response) => response.url().endsWith('/auth/two-step') && response.request().method() === 'POST',
      );
      await submitCode(page, 'abcdef');
      await answered;
    }
    await page.getByRole('heading', { name: 'Please sign in again' }).waitFor();
    await page.locator('main').getByRole('link', { name: 'Sign in' }).click();
    await page.waitForURL(/\/sign-in/);
  });

  it('set up on one device signs out the others, which had the password alone, and they sign no device out', async () => {
    const weak = await visitors.openPage();
    const account = await signInAsNewcomer(weak);
    const page = await visitors.openPage();
    await signInDirectly(page, account);
    const { app } = await setUpApp(page);
    const json = {};
    for (const path of ['/auth/sessions/revoke-others', '/auth/sessions/revoke-all'])
      expect(await callApi(weak, path, { method: 'POST', json })).toMatchObject({ status: 401 });
    expect(await isSignedIn(weak)).toBe(false);
    expect(await isSignedIn(page)).toBe(true);
    await beginSignIn(weak, account, '/account');
    await submitCode(weak, await app.nextCode());
    await weak.waitForURL(/\/account$/);
    await openAccount(weak);
    expect(await sessionRows(weak).count()).toBe(2);
  });

  it('lets its owner in with a new password after another person, who knew the old one, used up the tries', async () => {
    const page = await visitors.openPage();
    const account = await signInAsNewcomer(page);
    const { app } = await setUpApp(page);
    const stranger = await visitors.openPage();
    await stranger.goto('/healthz');
    const post = (path: string, json: object) => callApi(stranger, path, { method: 'POST', json });
    const { email, password } = account;
    const guess = { method: 'totp', code: '000000' };
    for (let begun = 0; begun < 2; begun += 1) {
      await post('/auth/sign-in/email', { email, password });
      for (let attempt = 0; attempt < 5; attempt += 1) await post('/auth/second-factor/verify', guess);
    }
    await post('/auth/sign-in/email', { email, password });
    expect(await post('/auth/second-factor/verify', guess)).toMatchObject({ status: 429 });

    const owner = await visitors.openPage();
    await owner.goto('/healthz');
    const ask = (path: string, json: object) => callApi(owner, path, { method: 'POST', json });
    await ask('/auth/request-password-reset', { email });
    const link = new URL(await waitForLink(mailbox, email, 'reset-password'));
    const newPassword = `${password} renewed`;
    const reset = { token: link.searchParams.get('token'), newPassword };
    expect(await ask('/auth/reset-password', reset)).toMatchObject({ status: 200 });
    await beginSignIn(owner, { ...account, password: newPassword }, '/account');
    await submitCode(owner, await app.nextCode());
    await owner.waitForURL(/\/account$/);
  });

  it('is removed by its owner, after a question', async () => {
    const page = await visitors.openPage();
    const account = await signInAsNewcomer(page);
    await setUpApp(page);
    await factorRow(page, 'Authenticator app')
      .getByRole('button', { name: /^Remove/ })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Authenticator app was removed.').waitFor();
    await waitForMail(mailbox, account.email, 'second-factor-removed');
    await signOut(page);
    await signInDirectly(page, account);
    expect(await isSignedIn(page)).toBe(true);
  });
});

describe('a recovery code', () => {
  it('lets its owner in once', async () => {
    const page = await visitors.openPage();
    const account = await signInAsNewcomer(page);
    const { recoveryCodes } = await setUpApp(page);
    const [code = ''] = recoveryCodes;
    await signOut(page);
    await beginSignIn(page, account, '/account/security');
    await page.getByRole('link', { name: 'Recovery code' }).click();
    await submitCode(page, code.toUpperCase());
    await page.waitForURL(/\/account\/security$/);
    await page.getByText('9 codes are left.').waitFor();
    await waitForMail(mailbox, account.email, 'recovery-code-used');

    const other = await visitors.openPage();
    await beginSignIn(other, account);
    await other.getByRole('link', { name: 'Recovery code' }).click();
    await submitCode(other, code);
    await other.getByText('That code isn’t right').waitFor();
  });
});

describe('codes that are sent', () => {
  it('by email and by text message are set up, arrive, and sign in', async () => {
    const page = await visitors.openPage();
    const account = await signInAsNewcomer(page);
    const number = `+49151${String(Date.now()).slice(-8)}`;
    await openSecurity(page);

    await page.getByRole('button', { name: 'Set up Code by text message' }).click();
    await page.getByLabel('Phone number').fill('0151 23');
    await page.getByRole('button', { name: 'Send a code' }).click();
    await page.getByText(/must begin with \+/).waitFor();
    await page.getByLabel('Phone number').fill(number.replace('+49', '0049 '));
    await page.getByRole('button', { name: 'Send a code' }).click();
    await page.getByLabel('Code that you received').fill(await newestCode(number, 1));
    await saveRecoveryCodes(page, 'Done');

    await page.getByRole('button', { name: 'Set up Code by email' }).click();
    await page.getByRole('button', { name: 'Send a code' }).click();
    await page.getByLabel('Code that you received').fill(await newestCode(account.email, 1));
    await factorRow(page, 'Code by email').getByText('On', { exact: true }).waitFor();
    await signOut(page);

    await beginSignIn(page, account, '/account');
    await page.getByRole('link', { name: 'Code by text message' }).click();
    await page.getByRole('button', { name: /^Send a code to •••• \d\d$/ }).click();
    await page.getByRole('button', { name: /^Send another code \(\d+ s\)$/ }).waitFor();
    await submitCode(page, await newestCode(number, 2));
    await page.waitForURL(/\/account$/);
    await sessionRows(page).first().getByText('with password and text message').waitFor();
  });
});

describe('a step-up', () => {
  it('takes a code, and leads back to where it was asked for', async () => {
    const page = await visitors.openPage();
    await signInAsNewcomer(page);
    const { app } = await setUpApp(page);
    await page.goto('/auth/confirm?returnTo=%2Fproducts');
    await submitCode(page, await app.nextCode(), 'Confirm');
    await page.waitForURL(/\/products$/);
    const { body } = await callApi(page, '/auth/session');
    expect(body['session']).toMatchObject({ acr: 'mfa', amr: ['pwd', 'otp'] });
  });

  it('takes the password of a user without a second factor', async () => {
    const page = await visitors.openPage();
    const account = await signInAsNewcomer(page);
    await page.goto('/auth/confirm?returnTo=%2Fproducts');
    await page.getByLabel('Password', { exact: true }).waitFor();
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('That password isn’t right.').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(account.password);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.waitForURL(/\/products$/);
    expect(await isSignedIn(page)).toBe(true);
  });

  it('says what is missing where a second factor is asked for and there is none', async () => {
    const page = await visitors.openPage();
    await signInAsNewcomer(page);
    await page.goto('/auth/confirm?returnTo=%2Fproducts&acr_values=mfa');
    await page.getByRole('link', { name: 'Set up two-step verification' }).click();
    await page.waitForURL(/\/auth\/two-step\/set-up\?returnTo=%2Fproducts$/);
  });

  it('asks a stranger to sign in', async () => {
    const page = await visitors.openPage();
    await page.goto('/auth/confirm?returnTo=%2Fproducts');
    await page.waitForURL(/\/sign-in\?/);
  });
});

describe('a role that demands a second factor', () => {
  let system: OwnSystem;
  const strictVisitors = useVisitors(() => system.url);
  beforeAll(async () => {
    system = await startOwnSystem({ gatewayEnvironment: { DEMO_SECOND_FACTOR_ROLES: 'vendor' } });
  });
  afterAll(() => system.dispose());

  it('refuses a user without one, shows how to set one up, and leaves no secret behind', async () => {
    const page = await strictVisitors.openPage({ reducedMotion: 'reduce' });
    const addresses: string[] = [];
    page.on('framenavigated', (frame) => void addresses.push(frame.url()));
    const vendor = demoAccount('vendor', system.accounts);
    await beginSignIn(page, vendor, '/products');
    await page.waitForURL(/\/auth\/two-step\/set-up\?returnTo=%2Fproducts$/);
    expect(await isSignedIn(page)).toBe(false);
    await page.getByRole('button', { name: /^Authenticator app/ }).waitFor();
    expect(await findingsInEveryLook(page, 'set-up')).toEqual([]);
    await page.getByRole('button', { name: /^Authenticator app/ }).click();
    const { app, key, recoveryCodes } = await turnOnApp(page);
    await page.getByRole('link', { name: 'I’ve saved these codes' }).click();
    await page.waitForURL(/\/products$/);
    const { body } = await callApi(page, '/auth/session');
    expect(body['session']).toMatchObject({ acr: 'mfa' });
    await signOut(page);
    await beginSignIn(page, vendor);
    const [pending] = (await page.context().cookies()).filter(({ name }) => name === '__Host-sallyport-pending');
    expect(pending).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/' });
    await submitCode(page, await app.nextCode());
    await page.getByRole('heading', { level: 1, name: /^Welcome in/ }).waitFor();
    expect((await page.context().cookies()).some(({ name }) => name.endsWith('-pending'))).toBe(false);

    const secrets = [key, pending?.value ?? '-', ...recoveryCodes];
    const texts = [...(await readFiles(system.dataDir)), ...(await readStoredTexts(system.stores))];
    expect(texts.length).toBeGreaterThan(3);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(8);
      expect(texts.filter(({ text }) => text.includes(secret)).map(({ place }) => place)).toEqual([]);
      expect(addresses.filter((address) => address.includes(secret))).toEqual([]);
    }
  }, 120_000);
});

/** The code of the newest message to an address, once there are so many with a code. */
async function newestCode(to: string, count: number): Promise<string> {
  return vi.waitFor(
    async () => {
      const codes = (await readMails(mailbox, to)).flatMap(({ code }) => code ?? []);
      if (codes.length < count) throw new Error('no code arrived');
      return codes[0] ?? '';
    },
    { timeout: patienceMilliseconds, interval: 100 },
  );
}

async function readFiles(folder: string): Promise<readonly StoredText[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(?:log|db)[\w.-]*$/.test(name));
  return Promise.all(names.map(async (place) => ({ place, text: await readFile(path.join(folder, place), 'latin1') })));
}
