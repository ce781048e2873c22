import { randomUUID } from 'node:crypto';
import { chromium, type Browser, type Page } from 'playwright-core';
import { vi } from 'vitest';
import type { RunningSystem } from './running-system.ts';

const patienceMilliseconds = 120_000;

/** A visitor of the adopter's application, with a browser. */
export interface Visit {
  readonly page: Page;
  /** What went wrong in the pages so far. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** Opens a browser. */
export async function openVisit(executablePath: string, { url }: RunningSystem): Promise<Visit> {
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const context = await browser.newContext({ baseURL: url });
  context.setDefaultTimeout(patienceMilliseconds);
  context.setDefaultNavigationTimeout(patienceMilliseconds);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|hydrat/i.test(message.text()))
      faults.push(message.text());
  });
  return { page, faults, close: () => browser.close() };
}

/** Signs up by the built-in pages and the mailbox, signs in, and comes back to the page that was asked for. */
export async function signUp(page: Page, { mailbox }: RunningSystem): Promise<{ readonly name: string }> {
  const unique = randomUUID().slice(0, 8);
  const person = { name: 'Nora Newcomer', email: `${unique}@example.com`, password: `heron ${unique} basalt orchard` };
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.locator('main input[name="name"]').fill(person.name);
  await page.locator('main input[name="email"]').fill(person.email);
  await page.locator('main input[name="password"]').fill(person.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  // The answer brings the cookie that knows the way back; a mail can be faster.
  await page.getByRole('heading', { name: 'Check your email' }).waitFor();
  await page.goto(await waitForLink(mailbox, person.email));
  await page.getByRole('button', { name: 'Confirm email' }).click();
  await page.locator('main input[name="password"]').fill(person.password);
  await page.locator('main').getByRole('button', { name: 'Sign in', exact: true }).click();
  return person;
}

async function waitForLink(mailbox: string, to: string): Promise<string> {
  return vi.waitFor(
    async () => {
      const response = await fetch(`${mailbox}/messages?to=${encodeURIComponent(to)}`);
      const messages = (await response.json()) as readonly { readonly links: readonly string[] }[];
      const link = messages[0]?.links[0];
      if (link === undefined) throw new Error('no mail with a link arrived');
      return link;
    },
    { timeout: patienceMilliseconds, interval: 200 },
  );
}
