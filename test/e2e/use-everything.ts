import type { BrowserContext, Page } from 'playwright-core';
import { openAccount, sessionRows } from './account-page.ts';
import { launchBrowser, patienceMilliseconds } from './browser.ts';
import { callApi } from './call-api.ts';
import { openReady, waitUntilHydrated } from './hydrated-page.ts';
import { waitForLink } from './mailbox.ts';
import type { OwnSystem } from './own-system.ts';
import { readPageStores } from './page-stores.ts';
import { openProducts } from './products-page.ts';
import {
  beginSignIn,
  factorRow,
  openSecurity,
  saveRecoveryCodes,
  submitCode,
  turnOnApp,
  type SetUpApp,
} from './security-page.ts';
import { signIn, signOut, submitSignIn } from './sign-in.ts';
import type { StoredText } from './stored-texts.ts';

/** A user of the visit, with the passwords that are typed on it. */
export interface Visitor {
  readonly name: string;
  readonly email: string;
  readonly firstPassword: string;
  readonly secondPassword: string;
  readonly wrongPassword: string;
}

/** What a visit left behind in the browser, and the secrets that its user was told. */
export interface Visit {
  readonly keptByPages: readonly StoredText[];
  readonly documents: readonly StoredText[];
  readonly linkTokens: readonly string[];
  readonly factor: Pick<SetUpApp, 'key' | 'recoveryCodes'>;
}

/** What a page sent through a WebSocket, and got back. */
export const spokenThroughSocket = 'spoken through a socket';

/**
 * One visit of everything there is, by one user: sign-up, sign-in with and without a second factor, streams, a password
 * that is forgotten, and a second session.
 */
export async function useEverything(system: OwnSystem, visitor: Visitor): Promise<Visit> {
  const keptByPages: StoredText[] = [];
  const documents: StoredText[] = [];
  const linkTokens: string[] = [];
  const { email, firstPassword, secondPassword, wrongPassword } = visitor;

  /** Notes everything that scripts of this origin can read back. */
  const keepStores = async (page: Page): Promise<void> => void keptByPages.push(...(await readPageStores(page)));
  const keep = async (page: Page): Promise<void> => {
    await keepStores(page);
    documents.push({ place: 'document', text: await page.content() });
  };
  const openPage = async (context: BrowserContext): Promise<Page> => {
    context.setDefaultTimeout(patienceMilliseconds);
    const page = await context.newPage();
    page.on('console', (message) => keptByPages.push({ place: 'console', text: message.text() }));
    page.on('framenavigated', (frame) => {
      if (!frame.url().includes('token=')) keptByPages.push({ place: 'address', text: frame.url() });
    });
    return page;
  };
  const openLink = async (page: Page, kind: 'verify-email' | 'reset-password'): Promise<void> => {
    const link = await waitForLink(system.mailbox, email, kind);
    linkTokens.push(new URL(link).searchParams.get('token') ?? '');
    await page.goto(link);
    await waitUntilHydrated(page);
  };
  const lookAround = async (page: Page): Promise<void> => {
    await openProducts(page);
    await page.getByRole('status', { name: 'Changes of others' }).getByText('Live').waitFor();
    await speakThroughSocket(page);
    await keep(page);
    await callApi(page, '/api/shop/products');
    await callApi(page, '/api/shop/products', { method: 'POST', json: {} });
    await callApi(page, '/api/shop/products/not-an-id');
    await callApi(page, '/api/shop/docs-json');
    await callApi(page, '/auth/session');
    for (const path of ['/cart', '/orders']) {
      await openReady(page, path);
      await keep(page);
    }
    await openAccount(page);
    await keep(page);
    await openReady(page, '/behind-the-door');
    await page.getByRole('article').waitFor();
    await callApi(page, '/no/such/page');
    await keep(page);
  };

  const browser = await launchBrowser();
  try {
    const page = await openPage(await browser.newContext({ baseURL: system.url }));
    await openReady(page, '/');
    await openReady(page, '/auth/sign-up');
    await page.getByLabel('Name', { exact: true }).fill(visitor.name);
    await page.getByLabel('Email address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(firstPassword);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    await openLink(page, 'verify-email');
    await page.getByRole('button', { name: 'Confirm email' }).click();
    await page.getByText('Your email address is confirmed').waitFor();
    await keep(page);

    await page.goto('/auth/sign-in');
    await submitSignIn(page, { email, password: wrongPassword });
    await page.getByRole('alert').waitFor();
    await keep(page);
    await signIn(page, { email, password: firstPassword });
    await lookAround(page);

    await openSecurity(page);
    await page.getByRole('button', { name: 'Set up Authenticator app' }).click();
    const { app, key, recoveryCodes } = await turnOnApp(page);
    // The document shows the codes now, and is to: the stores are not.
    await keepStores(page);
    await saveRecoveryCodes(page, 'Done');
    await factorRow(page, 'Authenticator app').getByText('On', { exact: true }).waitFor();
    await keep(page);
    await signOut(page);

    await openReady(page, '/auth/forgot');
    await page.getByLabel('Email address').fill(email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    await openLink(page, 'reset-password');
    await page.getByLabel('New password', { exact: true }).fill(secondPassword);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password has been changed').waitFor();
    await keep(page);

    await beginSignIn(page, { email, password: secondPassword }, '/account');
    await keep(page);
    await submitCode(page, await app.nextCode());
    await page.waitForURL(/\/account$/);
    await lookAround(page);
    // A second session of the same user, seen and ended by the first.
    const other = await openPage(await browser.newContext({ baseURL: system.url }));
    await beginSignIn(other, { email, password: secondPassword }, '/account');
    await other.getByRole('link', { name: 'Recovery code' }).click();
    await submitCode(other, recoveryCodes[0] ?? '');
    await other.waitForURL(/\/account$/);
    await keep(other);
    await openAccount(page);
    await sessionRows(page).nth(1).waitFor();
    await keep(page);
    await callApi(page, '/auth/sessions/revoke-all', { method: 'POST', json: {} });
    return { keptByPages, documents, linkTokens, factor: { key, recoveryCodes } };
  } finally {
    await browser.close();
  }
}

/** Says something to a service and hears it again. */
async function speakThroughSocket(page: Page): Promise<void> {
  await page.evaluate(
    (text) =>
      new Promise<void>((resolve, reject) => {
        const socket = new WebSocket('/api/shop/live');
        socket.addEventListener('open', () => socket.send(text));
        socket.addEventListener('message', () => {
          socket.close();
          resolve();
        });
        socket.addEventListener('error', () => reject(new Error('the WebSocket failed')));
      }),
    spokenThroughSocket,
  );
}
