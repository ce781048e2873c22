import { createRemoteKeySource, createTokenVerifier } from '@sallyport/core';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOAuthBrowser, type OAuthBrowser } from './test-support/oauth-browser.ts';
import {
  createOAuthPartners,
  redirectUri,
  requirePage,
  requireUrl,
  type OAuthPartners,
  type RegisteredClient,
} from './test-support/oauth-partner.ts';
import { startPlainUpstream, type PlainUpstream } from './test-support/plain-upstream.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testAccounts } from './test-support/test-preset.ts';

let upstream: PlainUpstream;
let test: TestGateway;
let partners: OAuthPartners;
let browser: OAuthBrowser;
let partner: RegisteredClient;

beforeAll(async () => {
  upstream = await startPlainUpstream();
  const to = { upstream: upstream.origin };
  const open = { ...to, access: 'signed-in' as const, credentials: ['session' as const, 'bearer' as const] };
  test = await startTestGateway({
    config: {
      oauthProvider: { requests: [], authorizations: [] },
      firstPartyTokens: {},
      routes: [
        { ...open, name: 'api', prefix: '/api', audience: 'api', permissions: ['product:*'] },
        { ...open, name: 'vendors', prefix: '/vendors', audience: 'vendors', access: { roles: ['vendor'] } },
        { ...open, name: 'create', prefix: '/create', audience: 'create', access: { permissions: ['product:create'] } },
        { ...to, name: 'closed', prefix: '/closed', audience: 'closed', access: 'signed-in' },
        { ...to, name: 'shell', prefix: '/', audience: 'shell', access: 'optional' },
      ],
    },
  });
  partners = createOAuthPartners(test);
  browser = await partners.signedIn();
  partner = await partners.register();
});
afterAll(async () => {
  await test.close();
  upstream.close();
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const codeOf = (error: unknown): unknown => (error as { readonly error?: unknown }).error;
const refusal = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'done', codeOf);
const offline = (resource: string) => ({
  scope: 'openid offline_access product:read',
  prompt: 'consent',
  resource,
});
const verifierOfServices = () =>
  createTokenVerifier({
    issuer: `${test.origin}/internal`,
    audience: 'api',
    keys: createRemoteKeySource({
      url: `http://127.0.0.1:${test.gateway.internalPort}/internal/.well-known/jwks.json`,
    }),
  });
const token = (body: Record<string, string>, { id, secret }: RegisteredClient = partner): Promise<Response> =>
  fetch(`${test.origin}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams(body),
  });
const errorOf = async (answer: Response): Promise<unknown> => [
  answer.status,
  ((await answer.json()) as { readonly error: unknown }).error,
];

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

describe('the token endpoint', () => {
  it('does not tell a thief of a code from a stranger, and ends nothing for that', async () => {
    const { configuration, back, tokens } = await partners.authorize(partner, browser, offline(test.origin));
    const again = await token({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: client.randomPKCECodeVerifier(),
    });
    expect(await errorOf(again)).toEqual([400, 'invalid_grant']);
    expect((await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '')).access_token).toBeTypeOf(
      'string',
    );
  });

  it('answers a code again to the same client with the same verifier, whose answer was lost', async () => {
    const { back, checks, tokens } = await partners.authorize(partner, browser);
    const again = await token({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: String(checks.pkceCodeVerifier),
    });
    expect([again.status, await again.json()]).toEqual([
      200,
      expect.objectContaining({ access_token: tokens.access_token }),
    ]);
  });

  it.each([
    { name: 'another verifier', change: { code_verifier: client.randomPKCECodeVerifier() } },
    { name: 'another redirect URI', change: { redirect_uri: 'https://evil.example/' } },
    { name: 'no verifier', change: { code_verifier: undefined } },
  ])('refuses a code with $name', async ({ change }) => {
    const { url, checks } = await partners.begin(await partners.discover(partner));
    const led = await browser.open(url.href);
    const back = requireUrl(led instanceof URL ? led : await browser.submit(led, 'Allow'));
    const body = {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: String(checks.pkceCodeVerifier),
      ...change,
    };
    const given = Object.entries(body).filter((entry): entry is [string, string] => entry[1] !== undefined);
    expect(await errorOf(await token(Object.fromEntries(given)))).toEqual([400, 'invalid_grant']);
  });

  it('refuses a code and a refresh token of another client', async () => {
    const other = await partners.register();
    const { tokens } = await partners.authorize(partner, browser, offline(test.origin));
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' };
    expect(await errorOf(await token(refresh, other))).toEqual([400, 'invalid_grant']);
    expect((await token(refresh)).status).toBe(200);
  });

  it.each([
    { name: 'a wrong secret', secret: `sp_cs_${'0'.repeat(54)}` },
    { name: 'no secret of ours', secret: 'none-that-is-known-here' },
  ])('refuses a client with $name', async ({ secret }) => {
    const answer = await token({ grant_type: 'refresh_token', refresh_token: 'x' }, { id: partner.id, secret });
    expect(await errorOf(answer)).toEqual([401, 'invalid_client']);
  });

  it('gives one successor to fifty refreshes at once', async () => {
    const { tokens } = await partners.authorize(partner, browser, offline(test.origin));
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' };
    const answers = await Promise.all(Array.from({ length: 50 }, () => token(refresh)));
    const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<Record<string, string>>));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(bodies.map(({ refresh_token }) => refresh_token)).size).toBe(1);
    const next = await token({ grant_type: 'refresh_token', refresh_token: bodies[0]?.['refresh_token'] ?? '' });
    expect(next.status).toBe(200);
  });

  it('makes tokens of a client itself', async () => {
    const service = await partners.register({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: ['product:read'],
    });
    const configuration = await partners.discover(service);
    const tokens = await client.clientCredentialsGrant(configuration, { scope: 'product:read' });
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(200);
    const given = upstream.seen.at(-1)?.authorization?.slice('Bearer '.length) ?? '';
    expect(await verifierOfServices().verify(given)).toMatchObject({
      kind: 'service',
      id: service.id,
      clientId: service.id,
      permissions: ['product:read'],
    });
    expect((await test.get('/create/x', bearer(tokens.access_token))).status).toBe(403);
    const more = await client.clientCredentialsGrant(configuration, { scope: 'product:create' });
    expect(more.scope ?? '').toBe('');
  });

  it('takes a client by its key, and an assertion once', async () => {
    const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
    const service = await partners.register({
      authentication: 'private_key_jwt',
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: ['product:read'],
      jwks: { keys: [{ kty, crv, x, y, alg: 'ES256', kid: 'one' }] },
    });
    const sent: URLSearchParams[] = [];
    const configuration = await partners.discover(service, client.PrivateKeyJwt({ key: privateKey, kid: 'one' }));
    configuration[client.customFetch] = (url, init) => {
      sent.push(new URLSearchParams(init.body as URLSearchParams)); // Forms are what it sends.
      return fetch(url, init as RequestInit);
    };
    const tokens = await client.clientCredentialsGrant(configuration, { scope: 'product:read' });
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(200);
    const again = await fetch(`${test.origin}/oauth2/token`, { method: 'POST', body: sent[0] ?? '' });
    expect(await errorOf(again)).toEqual([401, 'invalid_client']);
  });
});

describe('an access token of a partner at the gateway', () => {
  it('carries no role, and those permissions that were granted and that its user holds', async () => {
    const { tokens } = await partners.authorize(partner, browser, {
      scope: 'openid product:read product:create',
      resource: test.origin,
    });
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(200);
    const given = upstream.seen.at(-1)?.authorization?.slice('Bearer '.length) ?? '';
    const verifier = verifierOfServices();
    expect(await verifier.verify(given)).toMatchObject({
      kind: 'user',
      credential: 'bearer',
      clientId: partner.id,
      roles: [],
      permissions: ['product:read', 'product:create'],
    });
    expect((await test.get('/vendors/x', bearer(tokens.access_token))).status).toBe(403);
    expect((await test.get('/closed/x', bearer(tokens.access_token))).status).toBe(401);
    await expect(verifier.verify(tokens.access_token)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
  });

  it('does not let a user do more than they may', async () => {
    const reader = await partners.signedIn('user');
    const { tokens } = await partners.authorize(partner, reader, {
      scope: 'openid product:create',
      resource: test.origin,
    });
    expect((await test.get('/create/x', bearer(tokens.access_token))).status).toBe(403);
  });

  it('carries the roles of its user for a first-party client, which asks for no consent', async () => {
    const own = await partners.register({ trust: 'first-party' });
    const configuration = await partners.discover(own);
    const { url, checks } = await partners.begin(configuration, { scope: 'openid', resource: test.origin });
    const back = requireUrl(await browser.open(url.href));
    const tokens = await client.authorizationCodeGrant(configuration, back, checks);
    expect((await test.get('/vendors/x', bearer(tokens.access_token))).status).toBe(200);
    expect(tokens.refresh_token).toMatch(/^sp_rt_/);
  });

  it.each([
    { name: 'for userinfo alone', parameters: { scope: 'openid' } as Record<string, string> },
    { name: 'for another resource', parameters: { scope: 'openid', resource: 'https://other.example/api' } },
  ])('$name is refused', async ({ parameters }) => {
    const registered = await partners.register({ resources: [test.origin, 'https://other.example/api'] });
    const { tokens } = await partners.authorize(registered, browser, parameters);
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(401);
  });

  it.each([
    { name: 'its session ends', end: ({ own }) => change('/auth/sign-out', own) },
    { name: 'its user signs out everywhere', end: ({ own }) => change('/auth/sessions/revoke-all', own) },
    {
      name: 'its user is banned',
      end: ({ userId }) => partners.operate('accounts/set-banned', { userId, isBanned: true }),
    },
    {
      name: 'its client is disabled',
      end: ({ clientId: id }) => partners.operate('oauth-clients/set-disabled', { id, isDisabled: true }),
    },
    {
      name: 'its client is deleted',
      end: ({ clientId: id }) => partners.operate('oauth-clients/delete', { id }),
    },
    {
      name: 'its client revokes the refresh token',
      end: ({ clientId, secret, refreshToken }) => revoke({ id: clientId, secret }, refreshToken),
    },
  ] satisfies readonly { name: string; end: (issued: Issued) => Promise<unknown> }[])(
    'ends when $name, and so does its refresh token',
    async ({ end }) => {
      const registered = await partners.register();
      const own = await partners.signedIn('user');
      const { tokens } = await partners.authorize(registered, own, offline(test.origin));
      const access = bearer(tokens.access_token);
      expect((await test.get('/api/x', access)).status).toBe(200);
      const { id: clientId, secret } = registered;
      const refreshToken = tokens.refresh_token ?? '';
      const userId = tokens.claims()?.sub ?? '';
      await end({ own, userId, clientId, secret, refreshToken });
      expect((await test.get('/api/x', access)).status).toBe(401);
      const refresh = await token({ grant_type: 'refresh_token', refresh_token: refreshToken }, registered);
      expect(refresh.ok).toBe(false);
      await partners.operate('accounts/set-banned', { userId, isBanned: false });
    },
  );

  it('follows the roles of its user', async () => {
    const own = await partners.signedIn('vendor');
    const { tokens } = await partners.authorize(partner, own, {
      scope: 'openid product:create',
      resource: test.origin,
    });
    const access = bearer(tokens.access_token);
    expect((await test.get('/create/x', access)).status).toBe(200);
    const id = tokens.claims()?.sub;
    await partners.operate('accounts/set-roles', { userId: id, roles: ['user'] });
    const after = (await test.get('/create/x', access)).status;
    await partners.operate('accounts/set-roles', { userId: id, roles: ['vendor'] });
    expect(after).toBe(403);
  });
});

/** Whose tokens are to end. */
interface Issued {
  readonly own: OAuthBrowser;
  readonly userId: string;
  readonly clientId: string;
  readonly secret: string;
  readonly refreshToken: string;
}

function change(path: string, own: OAuthBrowser): Promise<Response> {
  return fetch(test.origin + path, {
    method: 'POST',
    headers: { origin: test.origin, cookie: own.cookiesFor('/'), 'content-type': 'application/json' },
    body: '{}',
  });
}

function revoke({ id, secret }: RegisteredClient, text: string): Promise<Response> {
  return fetch(`${test.origin}/oauth2/revoke`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ token: text }),
  });
}

describe('a client about its own tokens', () => {
  it('revokes what it has, and what is unknown, with 200', async () => {
    expect((await revoke(partner, 'unknown')).status).toBe(200);
    expect((await revoke({ ...partner, secret: 'wrong' }, 'unknown')).status).toBe(401);
  });

  it('does not end, or learn of, tokens of another client', async () => {
    const other = await partners.register();
    const { tokens } = await partners.authorize(partner, browser, offline(test.origin));
    const refreshToken = tokens.refresh_token ?? '';
    expect((await revoke(other, refreshToken)).ok).toBe(false);
    const configuration = await partners.discover(other);
    expect(await client.tokenIntrospection(configuration, refreshToken)).toEqual({ active: false });
    expect(await client.tokenIntrospection(await partners.discover(partner), refreshToken)).toMatchObject({
      active: true,
      client_id: partner.id,
    });
  });
});

describe('the end of a session that a client asks for', () => {
  it('is confirmed on a page of ours, ends everything, and leads back to the client', async () => {
    const registered = await partners.register({ postLogoutRedirectUris: ['http://127.0.0.1:4999/bye'] });
    const own = await partners.signedIn('user');
    const { tokens, configuration } = await partners.authorize(registered, own, {
      scope: 'openid product:read',
      resource: test.origin,
    });
    const url = client.buildEndSessionUrl(configuration, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'http://127.0.0.1:4999/bye',
      state: 'later',
    });
    const page = requirePage(await own.open(url.href));
    expect(page.text).toContain('asks to sign you out');
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(200);
    const back = requireUrl(await own.submit(page, 'Sign out'));
    expect(back.href).toBe('http://127.0.0.1:4999/bye?state=later');
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(401);
    const session = await test.get('/auth/session', { cookie: own.cookiesFor('/') });
    expect(await session.json()).toEqual({ status: 'signed-out' });
    expect(requireUrl(await own.open(url.href)).href).toBe('http://127.0.0.1:4999/bye?state=later');
  });

  it('is refused without the secret of the page, and for an address that is not registered', async () => {
    const own = await partners.signedIn('user');
    const { configuration, tokens } = await partners.authorize(partner, own);
    const id_token_hint = tokens.id_token ?? '';
    const url = client.buildEndSessionUrl(configuration, { id_token_hint });
    const page = requirePage(await own.open(url.href));
    const forged = await own.submit(
      { ...page, text: page.text.replace(/name="xsrf" value="[^"]*"/g, 'name="xsrf" value="0"') },
      'Sign out',
    );
    expect(requirePage(forged).status).toBe(400);
    const elsewhere = client.buildEndSessionUrl(configuration, {
      id_token_hint,
      post_logout_redirect_uri: 'https://evil.example/',
    });
    expect(requirePage(await own.open(elsewhere.href)).status).toBe(400);
    const session = await test.get('/auth/session', { cookie: own.cookiesFor('/') });
    expect(await session.json()).toMatchObject({ status: 'signed-in' });
  });
});

describe('the documents of the provider', () => {
  it('name the endpoints at the public URL, whatever a request says of itself', async () => {
    for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
      const answer = await test.get(path, { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' });
      const text = await answer.text();
      expect(text).not.toContain('evil.example');
      expect(JSON.parse(text)).toMatchObject({
        issuer: test.origin,
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
