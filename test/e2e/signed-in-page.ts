import { signInAs } from '@sallyport/testing';
import type { BrowserContextOptions, Cookie, Page } from 'playwright-core';
import type { Visitors } from './browser.ts';
import type { Credentials } from './sign-in.ts';

/** Sessions of this test file, by account. */
const sessions = new Map<string, readonly Cookie[]>();

/**
 * Opens a browser in which a user is signed in, on a plain answer of the gateway. There is one sign-in per account and
 * file; later browsers take over its cookie. For tests that leave the session as it is.
 */
export async function openSignedIn(
  visitors: Visitors,
  account: Credentials,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await visitors.openPage(options);
  const cookies = sessions.get(account.email);
  if (cookies === undefined) {
    await signInAs(page, account);
    sessions.set(account.email, await page.context().cookies());
  } else {
    await page.context().addCookies([...cookies]);
  }
  await page.goto('/healthz');
  return page;
}
