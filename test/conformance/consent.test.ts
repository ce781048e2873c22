import type { OAuthBrowser, ShownPage } from '@sallyport/server/test-support';
import { createOAuthBrowser } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  accountOf,
  redirectUri,
  requirePage,
  requireUrl,
  startProviderSystem,
  type ProviderSystem,
  type RegisteredClient,
} from './provider-system.ts';
import { codeParameters, newPkce, redeem, sendRaw, type RawAnswer } from './raw-flow.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let system: ProviderSystem;
let partner: RegisteredClient;
const pkce = newPkce();

beforeAll(async () => {
  system = await startProviderSystem();
  partner = await system.register({ name: 'Partner <b>of</b> ours' });
});
afterAll(() => system.close());

const addressOf = (changes: Readonly<Record<string, string>> = {}, client = partner): string =>
  `/oauth2/auth?${codeParameters(client, pkce, { scope: 'openid profile', ...changes }).toString()}`;
const askConsent = async (browser: OAuthBrowser, changes = {}): Promise<ShownPage> =>
  requirePage(await browser.open(addressOf(changes)));

/** Answers a question as a form would, from anywhere. */
function decide(page: ShownPage, cookie: string, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
  return sendRaw(system, new URL(page.url).pathname, {
    method: 'POST',
    headers: { cookie, origin: system.origin, 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams({ decision: 'allow' }),
  });
}
const pathOf = ({ url }: ShownPage): string => new URL(url).pathname;
const cookieOf = (browser: OAuthBrowser, page: ShownPage): string => browser.cookiesFor(pathOf(page));
const sessionOf = (browser: OAuthBrowser): string => browser.cookiesFor('/');

/** Whether the client gets a code for what was asked. */
async function isAllowed(browser: OAuthBrowser, page: ShownPage): Promise<boolean> {
  const shown = await browser.open(pathOf(page));
  return shown instanceof URL && shown.searchParams.has('code');
}

describe('the page that asks for consent', () => {
  it('RFC9700-4.16-1: a page of the provider cannot be shown in a frame, or run a script that is not ours', async () => {
    const browser = await system.signedIn();
    const page = await askConsent(browser);
    for (const path of [pathOf(page), '/auth/sign-in', '/oauth2/auth?client_id=x', '/oauth2/session/end']) {
      const { headers } = await sendRaw(system, path, { headers: { cookie: cookieOf(browser, page) } });
      expect(headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/);
      expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/);
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('cache-control')).toContain('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('ASVS-10.7.2-1: the page says who asks, for what, and where the browser goes, and escapes it', async () => {
    const page = await askConsent(await system.signedIn());
    expect(page.text).toContain('client.example');
    expect(page.text).toContain('See your name');
    expect(page.text).not.toContain('<b>of</b>');
  });

  it('RFC9700-4.7-1: the provider takes no consent from another site, or without a sign that it is none', async () => {
    const browser = await system.signedIn();
    const page = await askConsent(browser);
    const cookie = cookieOf(browser, page);
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ])
      expect((await decide(page, cookie, headers)).status).toBe(403);
    const got = await sendRaw(system, `${pathOf(page)}?decision=allow`, { headers: { cookie } });
    expect(got.status).toBe(200);
    expect(await isAllowed(browser, page)).toBe(false);
  });

  it('RFC9700-4.7-2: the provider takes no consent from another browser of the same user', async () => {
    const browser = await system.signedIn();
    const page = await askConsent(browser);
    const elsewhere = await system.signedIn();
    expect((await decide(page, sessionOf(elsewhere))).status).toBe(404);
    // Its session alone, without the cookie of the question.
    expect((await decide(page, sessionOf(browser))).status).toBe(404);
    expect(await isAllowed(browser, page)).toBe(false);
  });

  it('RFC9700-4.7-3: the provider takes no consent of one account for another that signed in since', async () => {
    const browser = await system.signedIn('vendor');
    const page = await askConsent(browser);
    const asked = cookieOf(browser, page)
      .split('; ')
      .filter((pair) => pair.includes('-oauth-'))
      .join('; ');
    const switched = await system.gateway.signIn('admin');
    expect((await decide(page, `${switched}; ${asked}`)).status).toBe(404);
    const back = await sendRaw(system, `/oauth2/auth/${pathOf(page).split('/').at(-1)}`, {
      headers: { cookie: `${switched}; ${asked}` },
    });
    expect(`${back.location?.href}`).not.toContain('code=');
  });

  it('RFC9700-4.7-4: the provider gives a code to no other account than the one that agreed', async () => {
    const browser = await system.signedIn('vendor');
    const page = await askConsent(browser);
    const asked = cookieOf(browser, page);
    expect((await decide(page, asked)).status).toBe(303);
    const others = asked.split('; ').filter((pair) => pair.includes('-oauth-'));
    const switched = await system.gateway.signIn('admin');
    const back = await sendRaw(system, `/oauth2/auth/${pathOf(page).split('/').at(-1)}`, {
      headers: { cookie: [switched, ...others].join('; ') },
    });
    expect(`${back.location?.href}`).not.toContain('code=');
  });

  it('RFC9700-4.7-5: the provider takes an answer once, also of two that come at once', async () => {
    const browser = await system.signedIn();
    const page = await askConsent(browser, { prompt: 'consent' });
    const cookie = cookieOf(browser, page);
    await Promise.all([decide(page, cookie), decide(page, cookie)]);
    expect(await isAllowed(browser, page)).toBe(true);
    // The way back is good once: what it led to was used.
    expect(await isAllowed(browser, page)).toBe(false);
    expect((await decide(page, cookie)).status).toBe(404);
  });

  it('RFC9700-4.7-6: the provider asks again for more, and gives no more than was allowed', async () => {
    const browser = await system.signedIn('admin');
    const first = await askConsent(browser);
    await browser.submit(first, 'Allow');
    const more = await askConsent(browser, { scope: 'openid profile email' });
    expect(more.text).toContain('See your email address');
    expect(more.text).not.toContain('See your name');
    const refused = requireUrl(await browser.submit(more, 'Cancel'));
    expect(refused.searchParams.get('error')).toBe('access_denied');
    expect(requireUrl(await browser.open(addressOf())).searchParams.has('code')).toBe(true);
  });
});

describe('sign-ins that another user begins', () => {
  it('RFC9700-4.7-7: the provider begins no session by itself, and takes none that was planted', async () => {
    const planted = 'planted-by-another-user';
    const name = sessionOf(await system.signedIn()).split('=')[0] ?? '';
    const answer = await sendRaw(system, addressOf(), { headers: { cookie: `${name}=${planted}` } });
    expect(answer.headers.getSetCookie().join('\n')).not.toContain(planted);
    expect(answer.headers.getSetCookie().some((line) => line.startsWith(`${name}=`) && !/max-age=0/i.test(line))).toBe(
      false,
    );
    expect(`${answer.location?.href}`).not.toContain('code=');
  });

  it('RFC9700-4.7-8: the session of a browser changes when its user signs in on the way to a client', async () => {
    const browser = createOAuthBrowser(system.origin);
    const signIn = requirePage(await browser.open(addressOf()));
    const before = sessionOf(browser);
    const { email, password } = accountOf('vendor');
    await browser.submit(signIn, 'Sign in', { email, password });
    expect(sessionOf(browser)).not.toBe(before);
    expect(sessionOf(browser)).not.toBe('');
  });

  it('RFC9700-4.7-9: an address of a question, sent to another person, leads to nothing', async () => {
    const attacker = await system.signedIn('admin');
    const page = await askConsent(attacker, { prompt: 'consent' });
    const victim = await system.signedIn('vendor');
    const shown = requirePage(await victim.open(page.url));
    expect([shown.status, shown.text.includes('Allow')]).toEqual([404, false]);
    const resumed = await victim.open(`/oauth2/auth/${pathOf(page).split('/').at(-1)}`);
    expect(resumed instanceof URL).toBe(false);
  });

  it('RFC9700-4.11-2: a way back after the sign-in leads to no other site', async () => {
    for (const to of [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '/oauth2/auth/../../\\evil.example',
    ]) {
      const browser = createOAuthBrowser(system.origin);
      const page = requirePage(await browser.open(`/auth/sign-in?returnTo=${encodeURIComponent(to)}`));
      const { email, password } = accountOf('vendor');
      expect(requirePage(await browser.submit(page, 'Sign in', { email, password })).url).toContain(system.origin);
    }
  });
});

describe('sign-outs that a client asks for', () => {
  it('RFC9700-4.11-3: the provider leads a browser to no address that the client did not register', async () => {
    const browser = await system.signedIn();
    const allowed = await system.register({ postLogoutRedirectUris: ['https://client.example/bye'] });
    for (const [uri, id] of [
      ['https://evil.example/', allowed.id],
      ['https://client.example/bye/', allowed.id],
      ['https://client.example/bye', partner.id],
      ['https://client.example/bye', 'client_00000000000000000000'],
      ['javascript:alert(1)', allowed.id],
    ] as const) {
      const query = new URLSearchParams({ post_logout_redirect_uri: uri, client_id: id });
      const answer = await sendRaw(system, `/oauth2/session/end?${query}`, { headers: { cookie: sessionOf(browser) } });
      expect([answer.status, answer.location]).toEqual([400, undefined]);
    }
  });

  it('OIDC-RPLOGOUT-2-1: the provider signs no user out without having asked them, whichever page links to it', async () => {
    const browser = await system.signedIn();
    const page = requirePage(await browser.open('/oauth2/session/end'));
    const cookie = sessionOf(browser);
    for (const fields of [{ logout: 'yes' }, { logout: 'yes', xsrf: 'x' }, { logout: 'yes', xsrf: '' }])
      await sendRaw(system, '/oauth2/session/end/confirm', {
        method: 'POST',
        headers: { cookie, origin: system.origin, 'sec-fetch-site': 'same-origin' },
        body: new URLSearchParams(fields),
      });
    const crossSite = { cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const form = new URLSearchParams({ logout: 'yes' });
    await sendRaw(system, '/oauth2/session/end/confirm', { method: 'POST', headers: crossSite, body: form });
    expect((await system.gateway.get('/api/x', { cookie })).status).toBe(200);
    await browser.submit(page, 'Stay signed in');
    expect((await system.gateway.get('/api/x', { cookie })).status).toBe(200);
  });

  it('OIDC-RPLOGOUT-3-1: the provider takes no ID token of another issuer, or a changed one, as a hint', async () => {
    const browser = await system.signedIn();
    for (const hint of ['a.b.c', 'eyJhbGciOiJub25lIn0.e30.', 'x']) {
      const answer = await sendRaw(system, `/oauth2/session/end?id_token_hint=${hint}`, {
        headers: { cookie: sessionOf(browser) },
      });
      expect(answer.status).toBe(400);
    }
  });
});

describe('codes of pages', () => {
  it('RFC9700-4.5-5: the provider refuses a code that was given to another browser, without its verifier', async () => {
    const browser = await system.signedIn();
    const shown = await browser.open(addressOf({ prompt: 'consent' }));
    const back = requireUrl(shown instanceof URL ? shown : await browser.submit(shown, 'Allow'));
    expect(`${back.origin}${back.pathname}`).toBe(redirectUri);
    const answer = await redeem(system, partner, back.searchParams.get('code') ?? '', newPkce());
    expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_grant']);
  });
});
