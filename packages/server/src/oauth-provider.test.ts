import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOAuthBrowser } from './test-support/oauth-browser.ts';
import { redirectUri, requirePage, requireUrl } from './test-support/oauth-partner.ts';
import {
  bearer,
  offline,
  refusal,
  startProviderGateway,
  type ProviderGateway,
} from './test-support/provider-gateway.ts';
import { testAccounts } from './test-support/test-preset.ts';

let gateway: ProviderGateway;
let test: ProviderGateway['test'];
let partners: ProviderGateway['partners'];
let partner: ProviderGateway['partner'];
let browser: ProviderGateway['browser'];
beforeAll(async () => {
  gateway = await startProviderGateway();
  ({ test, partners, partner, browser } = gateway);
});
afterAll(() => gateway.close());

describe('a partner with openid-client', () => {
  it('has a user sign in, asks for consent, and reads the profile', async () => {
    const visitor = createOAuthBrowser(test.origin);
    const registered = await partners.register();
    const configuration = await partners.discover(registered);
    const { url, checks } = await partners.begin(configuration);
    const page = requirePage(await visitor.open(url.href));
    expect(page.url).toContain('/auth/sign-in?returnTo=%2Fauth%2Foauth%2F');
    const { email = '', password = '' } = testAccounts.find(({ role }) => role === 'vendor') ?? {};
    const asked = requirePage(await visitor.submit(page, 'Sign in', { email, password }));
    expect(asked.text).toContain('See your email address');
    expect(asked.text).toContain('127.0.0.1:4999');
    const back = requireUrl(await visitor.submit(asked, 'Allow'));
    expect(back.searchParams.get('iss')).toBe(test.origin);
    const tokens = await client.authorizationCodeGrant(configuration, back, checks);
    const claims = tokens.claims();
    expect(claims).toMatchObject({ iss: test.origin, aud: registered.id, acr: 'pwd', amr: ['pwd'] });
    expect([typeof claims?.auth_time, typeof claims?.['sid']]).toEqual(['number', 'string']);
    const profile = await client.fetchUserInfo(configuration, tokens.access_token, claims?.sub ?? '');
    expect(profile).toEqual({ sub: claims?.sub, name: 'vendor', email: 'vendor@example.test', email_verified: true });
    expect(tokens.refresh_token).toBeUndefined();
  });

  it('is granted no more of the profile than it asked for', async () => {
    const { tokens, configuration } = await partners.authorize(partner, browser, { scope: 'openid' });
    const { sub = '' } = tokens.claims() ?? {};
    expect(await client.fetchUserInfo(configuration, tokens.access_token, sub)).toEqual({ sub });
  });

  it('refreshes with rotation', async () => {
    const { tokens, configuration } = await partners.authorize(partner, browser, offline(test.origin));
    expect(tokens.refresh_token).toMatch(/^sp_rt_/);
    const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    expect(refreshed.refresh_token).toMatch(/^sp_rt_/);
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
    expect((await test.get('/api/x', bearer(refreshed.access_token))).status).toBe(200);
  });

  it('is told nothing when its user refuses', async () => {
    const configuration = await partners.discover(await partners.register());
    const { url, checks } = await partners.begin(configuration);
    const asked = requirePage(await browser.open(url.href));
    const back = requireUrl(await browser.submit(asked, 'Cancel'));
    expect(back.searchParams.get('code')).toBeNull();
    expect(await refusal(client.authorizationCodeGrant(configuration, back, checks))).toBe('access_denied');
  });

  it('asks for no consent again in the same session, and is answered without a page', async () => {
    const registered = await partners.register();
    const configuration = await partners.discover(registered);
    await partners.authorize(registered, browser);
    const { url, checks } = await partners.begin(configuration, { prompt: 'none' });
    const back = requireUrl(await browser.open(url.href));
    expect((await client.authorizationCodeGrant(configuration, back, checks)).claims()?.sub).toBeTypeOf('string');
    const other = await partners.signedIn();
    const again = requireUrl(await other.open((await partners.begin(configuration, { prompt: 'none' })).url.href));
    expect(again.searchParams.get('error')).toBe('consent_required');
  });

  it.each([
    { name: 'a visitor', who: async () => createOAuthBrowser(test.origin), parameters: {}, error: 'login_required' },
    { name: 'a new client', who: async () => browser, parameters: {}, error: 'consent_required' },
    { name: 'prompt=login', who: async () => browser, parameters: { max_age: '0' }, error: 'login_required' },
    {
      name: 'a stronger sign-in',
      who: async () => browser,
      parameters: { acr_values: 'mfa' },
      error: 'unmet_authentication_requirements',
    },
  ])('is told with prompt=none what $name would be asked for', async ({ who, parameters, error }) => {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const configuration = await partners.discover(await partners.register());
    const { url } = await partners.begin(configuration, { prompt: 'none', ...parameters });
    const back = requireUrl(await (await who()).open(url.href));
    expect([back.searchParams.get('error'), back.searchParams.get('iss')]).toEqual([error, test.origin]);
  });

  it('has its user confirm who they are with prompt=login, and the ID token says when', async () => {
    const configuration = await partners.discover(partner);
    const { url, checks } = await partners.begin(configuration, { prompt: 'login' });
    const before = Math.floor(Date.now() / 1000);
    const page = requirePage(await browser.open(url.href));
    expect(page.url).toContain('/auth/confirm?returnTo=%2Fauth%2Foauth%2F');
    const password = testAccounts.find(({ role }) => role === 'vendor')?.password ?? '';
    const next = await browser.submit(page, 'Confirm', { password });
    const back = requireUrl(next instanceof URL ? next : await browser.submit(next, 'Allow'));
    const tokens = await client.authorizationCodeGrant(configuration, back, { ...checks, maxAge: 60 });
    expect(tokens.claims()?.auth_time).toBeGreaterThanOrEqual(before);
  });

  it('leads to two-step verification with acr_values=mfa', async () => {
    const configuration = await partners.discover(partner);
    const { url } = await partners.begin(configuration, { acr_values: 'phr mfa' });
    expect(requirePage(await browser.open(url.href)).url).toContain('/auth/confirm?returnTo=%2Fauth%2Foauth%2F');
  });
});

describe('an authorization request', () => {
  it.each([
    { name: 'without PKCE', change: { code_challenge: null, code_challenge_method: null }, error: 'invalid_request' },
    { name: 'with plain PKCE', change: { code_challenge_method: 'plain' }, error: 'invalid_request' },
    { name: 'for a token', change: { response_type: 'token' }, error: 'unsupported_response_type' },
    { name: 'for an unregistered scope', change: { scope: 'openid address' }, error: undefined },
    { name: 'for a resource of others', change: { resource: 'https://other.example' }, error: 'invalid_target' },
    { name: 'with a request object', change: { request: 'eyJ.e30.' }, error: 'request_not_supported' },
  ])('$name is refused at the client', async ({ change, error }) => {
    const { url } = await partners.begin(await partners.discover(partner));
    for (const [name, value] of Object.entries(change))
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    const led = await browser.open(url.href);
    if (error === undefined) return expect(led).toBeDefined();
    const back = requireUrl(led);
    const said = back.searchParams.get('error') ?? new URLSearchParams(back.hash.slice(1)).get('error');
    expect(said).toBe(error);
  });

  it.each([
    { name: 'another redirect URI', change: { redirect_uri: `${redirectUri}/more` } },
    { name: 'an unknown client', change: { client_id: 'client_00000000000000000000' } },
    { name: 'no client', change: { client_id: null } },
  ])('with $name is refused on a page, and leads nowhere', async ({ change }) => {
    const { url } = await partners.begin(await partners.discover(partner));
    for (const [name, value] of Object.entries(change))
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    const page = requirePage(await browser.open(url.href));
    expect(page.status).toBe(400);
    expect(page.text).toContain('cannot be used');
  });

  it('of another browser is never answered', async () => {
    const configuration = await partners.discover(await partners.register());
    const { url } = await partners.begin(configuration);
    const asked = requirePage(await browser.open(url.href));
    const other = await partners.signedIn('user');
    expect(requirePage(await other.open(asked.url)).status).toBe(404);
    const path = new URL(asked.url).pathname;
    const answer = await fetch(`${test.origin}${path}/decision`, {
      method: 'POST',
      headers: {
        origin: test.origin,
        'content-type': 'application/json',
        cookie: other.cookiesFor('/'),
      },
      body: JSON.stringify({ decision: 'allow' }),
    });
    expect(answer.status).toBe(404);
  });

  it('leaves nothing behind but itself, for a visitor', async () => {
    const visitor = createOAuthBrowser(test.origin);
    const { url } = await partners.begin(await partners.discover(partner));
    await visitor.open(url.href);
    expect(visitor.cookiesFor('/')).not.toContain('oauth');
  });
});

describe('the documents of the provider', () => {
  it('name the endpoints at the public URL, whatever a request says of itself', async () => {
    for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
      const answer = await test.get(path, { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' });
      const text = await answer.text();
      expect(text).not.toContain('evil.example');
      // Of certificates there is nothing to say without a listener that takes them.
      expect(text).not.toMatch(/tls_client|mtls_/);
      expect(JSON.parse(text)).toMatchObject({
        issuer: test.origin,
        pushed_authorization_request_endpoint: `${test.origin}/oauth2/par`,
        dpop_signing_alg_values_supported: ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256'],
        authorization_endpoint: `${test.origin}/oauth2/auth`,
        token_endpoint: `${test.origin}/oauth2/token`,
        jwks_uri: `${test.origin}/.well-known/jwks.json`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        backchannel_logout_supported: true,
        id_token_signing_alg_values_supported: ['ES256'],
        token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      });
    }
  });

  it.each([
    { method: 'GET', path: '/oauth2/token', allow: 'POST' },
    { method: 'GET', path: '/oauth2/par', allow: 'POST' },
    { method: 'POST', path: '/oauth2/auth', allow: 'GET' },
    { method: 'DELETE', path: '/oauth2/userinfo', allow: 'GET, POST' },
    { method: 'GET', path: '/oauth2/revoke', allow: 'POST' },
    { method: 'PUT', path: '/.well-known/openid-configuration', allow: 'GET' },
  ])('name no other method of $path than $allow: $method is refused', async ({ method, path, allow }) => {
    const answer = await fetch(test.origin + path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
  });

  it.each([
    '/oauth2/token/x',
    '/oauth2/par/x',
    '/oauth2/userinfo/x',
    '/oauth2/auth/x',
    '/oauth2/session/end/x',
    '/.well-known/jwks.json/x',
  ])('name nothing at %s', async (path) => {
    expect((await test.get(path)).status).toBe(404);
  });

  it('hold the keys of ID tokens and logout tokens, and no private part', async () => {
    const { keys } = (await (await test.get('/.well-known/jwks.json')).json()) as { keys: Record<string, unknown>[] };
    // The one that signs, and the one that will, of each use.
    expect(keys).toHaveLength(4);
    for (const key of keys) expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    expect(keys.some((key) => 'd' in key)).toBe(false);
  });

  it('go on with a new key after a rotation, which the old tokens outlive', async () => {
    const { tokens } = await partners.authorize(partner, browser, {
      scope: 'openid product:read',
      resource: test.origin,
    });
    await partners.operate('keys/rotate', { when: 'now' });
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(200);
    const next = await partners.authorize(partner, browser, { scope: 'openid product:read', resource: test.origin });
    expect((await test.get('/api/x', bearer(next.tokens.access_token))).status).toBe(200);
    const kidOf = (text: string): unknown => {
      const header = JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()) as {
        readonly kid: unknown;
      };
      return header.kid;
    };
    expect(kidOf(next.tokens.access_token)).not.toBe(kidOf(tokens.access_token));
  });
});
