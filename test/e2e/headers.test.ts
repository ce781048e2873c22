import type { Page, Response } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { useVisitors } from './browser.ts';
import { callApi, isSignedIn } from './call-api.ts';
import { openReady } from './hydrated-page.ts';
import { createAccount, signInAsNewcomer } from './new-account.ts';
import { openOtherSite } from './other-site.ts';
import { findProductId } from './products-page.ts';
import { sharedSystem } from './shared-system.ts';
import { demoAccount, signIn } from './sign-in.ts';
import { openSignedIn } from './signed-in-page.ts';

const visitors = useVisitors();

describe('the session cookie', () => {
  it('is for this host alone, over https alone, and out of reach of scripts', async () => {
    const page = await openAs('user');
    const cookies = await page.context().cookies();
    expect(cookies.map(({ name }) => name).sort()).toEqual(['__Host-sallyport', '__Host-sallyport-device']);
    expect(cookies).toContainEqual(
      expect.objectContaining({
        name: '__Host-sallyport',
        domain: 'localhost',
        path: '/',
        httpOnly: true,
        secure: true,
        sameSite: 'Lax',
        value: expect.stringMatching(/^[A-Za-z0-9_-]{32,128}$/) as unknown,
      }),
    );
    expect(cookies).toContainEqual(
      expect.objectContaining({
        name: '__Host-sallyport-device',
        domain: 'localhost',
        path: '/',
        httpOnly: true,
        secure: true,
        sameSite: 'Strict',
      }),
    );
    expect(await page.evaluate(() => document.cookie)).toBe('');
  });

  it('is written once, at sign-in, and again only to clear it', async () => {
    const page = await visitors.openPage();
    const account = await createAccount(page);
    const written: string[] = [];
    page.on('response', (response) => {
      const note = (values: readonly string[]): void => {
        for (const value of values)
          written.push(`${new URL(response.url()).pathname} ${value.replace(/^([\w-]+)=[\w.~-]+;/, '$1=…;')}`);
      };
      // Of what a page was still loading when it was closed, nothing is told any more.
      response.headerValues('set-cookie').then(note, () => {});
    });
    await signIn(page, account);
    await openReady(page, '/products');
    await openReady(page, '/account');
    await openReady(page, '/');
    await callApi(page, '/auth/sign-out', { method: 'POST', json: {} });
    await expect.poll(() => written.length).toBe(3);
    expect(written[0]).toMatch(
      /^\/auth\/sign-in __Host-sallyport=…; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(written[1]).toMatch(
      /^\/auth\/sign-in __Host-sallyport-device=…; Path=\/; Max-Age=15552000; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(written[2]).toMatch(
      /^\/auth\/sign-out __Host-sallyport=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  it('is another one after another sign-in, and the one before no longer counts', async () => {
    const page = await visitors.openPage();
    const account = await signInAsNewcomer(page);
    const before = await page.context().cookies();
    const { email, password } = account;
    const again = await callApi(page, '/auth/sign-in/email', { method: 'POST', json: { email, password } });
    expect(again).toMatchObject({ status: 200 });
    expect(await page.context().cookies()).not.toEqual(before);
    await page.context().clearCookies();
    await page.context().addCookies(before);
    expect(await isSignedIn(page)).toBe(false);
  });
});

describe('every page', () => {
  it.each([
    { name: 'of the shell for strangers', path: '/', isSignedIn: false },
    { name: 'of the shell for people', path: '/products', isSignedIn: true },
    { name: 'of the zone', path: '/account', isSignedIn: true },
    { name: 'that does not exist', path: '/no/such/page', isSignedIn: false },
  ])('$name says what browsers may do with it', async ({ path, isSignedIn: needsSession }) => {
    const page = needsSession ? await openAs('user') : await visitors.openPage();
    const response = await page.goto(path);
    const headers = await headersOf(response);
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toMatch(/script-src[^;]*'unsafe-(?:inline|eval)'/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': expect.stringMatching(
        /^(?:same-origin|no-referrer|strict-origin-when-cross-origin)$/,
      ) as unknown,
    });
    // The suite runs on localhost, where it would take http away from every other project of this machine.
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('server');
    if (needsSession) expect(headers['cache-control']).toBe('private, no-store');
  });

  it('has a nonce of its own', async () => {
    const page = await visitors.openPage();
    const nonces = new Set<string | undefined>();
    for (let visit = 0; visit < 3; visit += 1) {
      const headers = await headersOf(await page.goto('/'));
      nonces.add(/'nonce-([^']+)'/.exec(headers['content-security-policy'] ?? '')?.[1]);
    }
    expect(nonces.size).toBe(3);
    expect(nonces.has(undefined)).toBe(false);
  });
});

describe('what is made for one person', () => {
  it.each(['/auth/session', '/auth/sessions', '/api/shop/products', '/behind-the-door/requests'])(
    'is kept by no cache: %s',
    async (path) => {
      const page = await openAs('user');
      const answer = await callApi(page, path);
      expect(answer.status).toBe(200);
      expect(answer.cacheControl).toMatch(/\bno-store\b/);
    },
  );
});

describe('a page of another site', () => {
  it.each(['same-site', 'cross-site'] as const)('cannot sign people out by a form (%s)', async (kind) => {
    const page = await openAs('user');
    const response = await submitFrom(page, kind, form('/auth/sign-out'));
    expect(response.status()).toBe(403);
    expect(await isSignedIn(page)).toBe(true);
  });

  it.each(['same-site', 'cross-site'] as const)('cannot put a product on sale by a form (%s)', async (kind) => {
    const page = await openAs('vendor');
    // The name of a field, "=" and its value make JSON, as text/plain sends them.
    const field = `<input name='{"name":"Planted","priceCents":1,"stock":1,"description":"' value='"}'>`;
    const response = await submitFrom(page, kind, form('/api/shop/products', field));
    expect([401, 403]).toContain(response.status());
    expect(await findProductId(page, 'Planted')).toBeUndefined();
  });

  it.each(['same-site', 'cross-site'] as const)('cannot sign its visitors in to another account (%s)', async (kind) => {
    const { email, password } = demoAccount('vendor');
    const page = await visitors.openPage();
    await page.goto('/healthz');
    const field = `<input name='{"email":"${email}","password":"${password}","returnTo":"' value='"}'>`;
    const response = await submitFrom(page, kind, form('/auth/sign-in/email', field));
    expect(response.status()).toBe(403);
    expect(await page.context().cookies()).toEqual([]);
  });

  it('cannot read an answer that was made for its visitor', async () => {
    const page = await openAs('user');
    const site = await openOtherSite('same-site', '<!doctype html><title>Elsewhere</title>');
    onTestFinished(() => site.close());
    const other = await page.context().newPage();
    await other.goto(site.url);
    const outcome = await other.evaluate(
      (target) =>
        fetch(`${target}/auth/session`, { credentials: 'include' }).then(
          () => 'read',
          () => 'refused',
        ),
      sharedSystem.url,
    );
    expect(outcome).toBe('refused');
  });

  it('cannot show ours in a frame', async () => {
    const page = await openAs('user');
    const html = `<!doctype html><title>Elsewhere</title><iframe src="${sharedSystem.url}/account"></iframe>`;
    const site = await openOtherSite('same-site', html);
    onTestFinished(() => site.close());
    const other = await page.context().newPage();
    await other.goto(site.url, { waitUntil: 'load' });
    const [frame] = other.mainFrame().childFrames();
    expect(await frame?.content()).not.toContain('Your account');
  });
});

function form(action: string, fields = ''): string {
  return `<!doctype html><title>Elsewhere</title>
    <form method="post" enctype="text/plain" action="${sharedSystem.url}${action}">${fields}<button>Win a prize</button></form>`;
}

/** Opens the page of another site in the browser of the visitor, presses its button, and returns the answer. */
async function submitFrom(page: Page, kind: 'same-site' | 'cross-site', html: string): Promise<Response> {
  const site = await openOtherSite(kind, html);
  onTestFinished(() => site.close());
  const other = await page.context().newPage();
  await other.goto(site.url);
  const answered = other.waitForResponse((response) => response.url().startsWith(sharedSystem.url));
  await other.getByRole('button', { name: 'Win a prize' }).click();
  return answered;
}

function openAs(role: 'user' | 'vendor' | 'admin'): Promise<Page> {
  return openSignedIn(visitors, demoAccount(role));
}

async function headersOf(response: Response | null): Promise<Readonly<Record<string, string>>> {
  return (await response?.allHeaders()) ?? {};
}
