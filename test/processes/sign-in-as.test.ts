import { startTestGateway, testAccounts, type TestGateway } from '@sallyport/server/test-support';
import { signInAs } from '@sallyport/testing';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../tools/testing/find-chromium.ts';

const executablePath = findChromium();
const account = testAccounts.find(({ role }) => role === 'user') ?? { email: '', password: '' };

describe.skipIf(executablePath === undefined)('a browser that a test signs in (skipped without Chromium)', () => {
  let gateway: TestGateway;
  let browser: Browser;
  beforeAll(async () => {
    gateway = await startTestGateway();
    browser = await chromium.launch({
      args: ['--no-sandbox', '--disable-gpu'],
      ...(executablePath === undefined ? {} : { executablePath }),
    });
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  it('has a session of the gateway in every page, and the page stays where it is', async () => {
    const context = await browser.newContext({ baseURL: gateway.origin });
    const page = await context.newPage();
    await signInAs(page, account);
    expect([page.url(), context.pages()]).toEqual(['about:blank', [page]]);
    await page.goto('/auth/session');
    expect(await page.textContent('body')).toContain(account.email);
    const [session] = await context.cookies();
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    await context.close();
  });

  it('has none after a wrong password, and the test is told why', async () => {
    const context = await browser.newContext({ baseURL: gateway.origin });
    const page = await context.newPage();
    const asked = signInAs(page, { ...account, password: 'canary of another one' });
    await expect(asked).rejects.toThrow(`refused to sign in ${account.email}: 401, SP_CREDENTIALS_INVALID`);
    expect((await context.cookies()).filter(({ name }) => !name.endsWith('-device'))).toEqual([]);
    await context.close();
  });
});
