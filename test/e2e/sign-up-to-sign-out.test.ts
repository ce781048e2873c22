import type { Page } from 'playwright-core';
import { describe, expect, it, vi } from 'vitest';
import { openAccount } from './account-page.ts';
import { patienceMilliseconds, useVisitors } from './browser.ts';
import { callApi, isSignedIn } from './call-api.ts';
import { openReady, waitUntilHydrated } from './hydrated-page.ts';
import { readMails, waitForLink, waitForMail } from './mailbox.ts';
import { createAccount, newPerson, type Account } from './new-account.ts';
import { sharedSystem } from './shared-system.ts';
import { signIn, signOut, submitSignIn } from './sign-in.ts';

const visitors = useVisitors();
const { mailbox } = sharedSystem;

describe('a newcomer', () => {
  it('signs up, opens the mailed link, signs in, sees the account, and signs out', async () => {
    const page = await visitors.openPage();
    const person = newPerson();
    await signUp(page, person);

    const link = await waitForLink(mailbox, person.email, 'verify-email');
    await page.goto(link);
    // The token is gone from the address, and so from the history.
    expect(new URL(page.url()).search).toBe('');
    await confirmAddress(page);
    await submitSignIn(page, person);
    await page.getByRole('heading', { level: 1, name: 'Welcome in, Nora.' }).waitFor();

    await openAccount(page);
    const main = page.getByRole('main');
    expect(await main.getByText(person.email).count()).toBe(1);
    expect(await main.getByText(person.name).count()).toBe(1);

    const cookies = await page.context().cookies();
    await signOut(page);
    await page.getByRole('heading', { level: 1, name: 'You’re signed out' }).waitFor();
    expect((await page.context().cookies()).map(({ name }) => name)).toEqual(['__Host-sallyport-device']);
    // A copy of the cookie opens nothing either.
    await page.context().addCookies(cookies);
    expect(await isSignedIn(page)).toBe(false);
  });

  it('cannot sign in before the address is verified, even with the right password', async () => {
    const page = await visitors.openPage();
    const person = newPerson();
    await signUp(page, person);
    await page.goto('/auth/sign-in');
    await submitSignIn(page, person);
    await page.getByRole('alert').filter({ hasText: 'Confirm your email address first' }).waitFor();
    expect(await isSignedIn(page)).toBe(false);
  });

  it('is told when a link was used before, and the account stays as it is', async () => {
    const page = await visitors.openPage();
    const person = newPerson();
    await signUp(page, person);
    const link = await waitForLink(mailbox, person.email, 'verify-email');
    await page.goto(link);
    await confirmAddress(page);
    await page.goto(link);
    await page.getByRole('heading', { level: 1, name: 'This link doesn’t work any more' }).waitFor();
    await page.getByRole('button', { name: 'Send a new link' }).waitFor();
    await signIn(page, person);
  });

  it('learns which field was refused, and keeps what was typed', async () => {
    const page = await visitors.openPage();
    const person = { ...newPerson(), password: 'too short' };
    await fillSignUp(page, person);
    const field = page.getByLabel('Password', { exact: true });
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByLabel('Email address').inputValue()).toBe(person.email);
    expect(await readMails(mailbox, person.email)).toEqual([]);
  });
});

describe('an address that a stranger signed up with first', () => {
  const chosen = 'basalt orchard of my own';

  it.each([
    { name: 'opens the link of the stranger', signsUpToo: false },
    { name: 'signed up, too, and opens the link of the stranger, which came last', signsUpToo: true },
  ])('is its owner’s, who $name and chooses a name and a password', async ({ signsUpToo }) => {
    const [page, strangers] = [await visitors.openPage(), await visitors.openPage()];
    const owner = newPerson();
    const stranger = { ...owner, name: 'Mallory', password: `${owner.password} of mallory` };
    if (signsUpToo) await signUp(page, owner);
    await signUp(strangers, stranger);
    await vi.waitFor(async () => expect(await readMails(mailbox, owner.email)).toHaveLength(signsUpToo ? 2 : 1), {
      timeout: patienceMilliseconds,
      interval: 100,
    });
    const link = await waitForLink(mailbox, owner.email, 'verify-email');

    await page.goto(link);
    await waitUntilHydrated(page);
    // A visit alone, also of a program that follows links in mails, confirms nothing.
    await strangers.goto('/auth/sign-in');
    await submitSignIn(strangers, stranger);
    await strangers.getByRole('alert').filter({ hasText: 'Confirm your email address first' }).waitFor();

    expect(await page.getByText('Mallory').count()).toBe(0);
    await page.getByLabel('Name', { exact: true }).fill('Nora Newcomer');
    await page.getByLabel('Password', { exact: true }).fill(chosen);
    await confirmAddress(page);
    await submitSignIn(page, { email: owner.email, password: chosen });
    await page.getByRole('heading', { level: 1, name: 'Welcome in, Nora.' }).waitFor();

    await strangers.goto('/auth/sign-in');
    await submitSignIn(strangers, stranger);
    await strangers.getByRole('alert').filter({ hasText: 'That email and password don’t match' }).waitFor();
    expect(await isSignedIn(strangers)).toBe(false);
  });

  it('is the owner’s alone after a sign-up of theirs, whose own link needs nothing more', async () => {
    const [page, strangers] = [await visitors.openPage(), await visitors.openPage()];
    const owner = newPerson();
    await signUp(strangers, { ...owner, name: 'Mallory', password: `${owner.password} of mallory` });
    const first = await waitForLink(mailbox, owner.email, 'verify-email');
    await signUp(page, owner);
    await vi.waitFor(async () => expect(await waitForLink(mailbox, owner.email, 'verify-email')).not.toBe(first), {
      timeout: patienceMilliseconds,
      interval: 100,
    });
    await page.goto(first);
    await page.getByRole('heading', { level: 1, name: 'This link doesn’t work any more' }).waitFor();
    await page.goto(await waitForLink(mailbox, owner.email, 'verify-email'));
    expect(await page.getByLabel('Password', { exact: true }).count()).toBe(0);
    await confirmAddress(page);
    await signIn(page, owner);
    const names = (await page.context().cookies()).map(({ name }) => name);
    expect(names).not.toContain('__Host-sallyport-sign-up');
  });
});

describe('an address that has an account already', () => {
  it('looks the same to the visitor as a new one; only its owner gets a different mail', async () => {
    const page = await visitors.openPage();
    const owner = await createAccount(page);
    const seen = await answerOfSignUp(page, newPerson());
    const seenAgain = await answerOfSignUp(page, { ...newPerson('Mallory'), email: owner.email });
    expect(seenAgain).toEqual(seen);

    const mail = await waitForMail(mailbox, owner.email, 'already-registered');
    expect(mail.links.filter((link) => link.includes('token='))).toEqual([]);
    await signIn(page, owner);
  });
});

describe('a user who forgot the password', () => {
  it('chooses a new one by mail; the old one and every session end', async () => {
    const page = await visitors.openPage();
    const elsewhere = await visitors.openPage();
    const person = await createAccount(page);
    await signIn(elsewhere, person);
    expect(await isSignedIn(elsewhere)).toBe(true);

    await openReady(page, '/auth/forgot');
    await page.getByLabel('Email address').fill(person.email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByRole('heading', { level: 1, name: 'Check your email' }).waitFor();

    const link = await waitForLink(mailbox, person.email, 'reset-password');
    await page.goto(link);
    await waitUntilHydrated(page);
    const newPassword = `${person.password} revised`;
    await page.getByLabel('New password', { exact: true }).fill(newPassword);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password has been changed').waitFor();
    await waitForMail(mailbox, person.email, 'password-changed');

    expect(await isSignedIn(elsewhere)).toBe(false);
    await elsewhere.goto('/account');
    expect(new URL(elsewhere.url()).pathname).toBe('/auth/sign-in');

    await page.goto('/auth/sign-in');
    await submitSignIn(page, person);
    await page.getByRole('alert').filter({ hasText: 'That email and password don’t match' }).waitFor();
    await signIn(page, { email: person.email, password: newPassword });
  });

  it('cannot use the link a second time', async () => {
    const page = await visitors.openPage();
    const person = await createAccount(page);
    await callApi(page, '/auth/request-password-reset', { method: 'POST', json: { email: person.email } });
    const link = await waitForLink(mailbox, person.email, 'reset-password');
    const token = new URL(link).searchParams.get('token');
    const json = { token, newPassword: `${person.password} revised` };
    expect(await callApi(page, '/auth/reset-password', { method: 'POST', json })).toMatchObject({ status: 200 });

    await page.goto(link);
    // Known before anything is typed.
    await page.getByRole('heading', { level: 1, name: 'This link doesn’t work any more' }).waitFor();
    expect(await page.getByLabel('New password', { exact: true }).count()).toBe(0);
    await signIn(page, { email: person.email, password: json.newPassword });
  });

  it('sees the same answer for an address without an account', async () => {
    const page = await visitors.openPage();
    const { email } = await createAccount(page);
    const ask = (address: string) =>
      callApi(page, '/auth/request-password-reset', { method: 'POST', json: { email: address } });
    expect(await ask(newPerson().email)).toEqual(await ask(email));
  });
});

describe('a wrong password', () => {
  it('is refused like an address without an account', async () => {
    const page = await visitors.openPage();
    const person = await createAccount(page);
    const attempt = async (email: string) => {
      const json = { email, password: 'not the right password' };
      const { status, body } = await callApi(page, '/auth/sign-in/email', { method: 'POST', json });
      const { requestId, ...rest } = body;
      expect(requestId).toEqual(expect.any(String));
      return { status, rest };
    };
    const known = await attempt(person.email);
    expect(known).toMatchObject({ status: 401, rest: { code: 'SP_CREDENTIALS_INVALID' } });
    expect(await attempt(newPerson().email)).toEqual(known);
  });
});

/** A button does it: programs that follow links in mails confirm nothing. */
async function confirmAddress(page: Page): Promise<void> {
  await waitUntilHydrated(page);
  await page.getByRole('button', { name: 'Confirm email' }).click();
  await page.waitForURL(/\/auth\/sign-in$/);
  await page.getByText('Your email address is confirmed').waitFor();
}

async function signUp(page: Page, person: Account): Promise<void> {
  await fillSignUp(page, person);
  await page.getByRole('heading', { level: 1, name: 'Check your email' }).waitFor();
}

async function fillSignUp(page: Page, { name, email, password }: Account): Promise<void> {
  await openReady(page, '/auth/sign-up');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
}

/** What the visitor sees, without the address itself, and what a script is told. */
async function answerOfSignUp(page: Page, person: Account): Promise<unknown> {
  await signUp(page, person);
  const text = await page.getByRole('main').innerText();
  const answer = await callApi(page, '/auth/sign-up/email', { method: 'POST', json: person });
  return { answer, text: text.replaceAll(person.email, '(address)') };
}
