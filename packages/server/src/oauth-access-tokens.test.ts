import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OAuthBrowser } from './test-support/oauth-browser.ts';
import { requirePage, requireUrl } from './test-support/oauth-partner.ts';
import { bearer, offline, startProviderGateway, type ProviderGateway } from './test-support/provider-gateway.ts';
import { testAccounts } from './test-support/test-preset.ts';

let gateway: ProviderGateway;
let test: ProviderGateway['test'];
let partners: ProviderGateway['partners'];
let partner: ProviderGateway['partner'];
let browser: ProviderGateway['browser'];
let token: ProviderGateway['token'];
let revoke: ProviderGateway['revoke'];
beforeAll(async () => {
  gateway = await startProviderGateway();
  ({ test, partners, partner, browser, token, revoke } = gateway);
});
afterAll(() => gateway.close());

/** Whose tokens are to end. */
interface Issued {
  readonly own: OAuthBrowser;
  readonly userId: string;
  readonly clientId: string;
  readonly secret: string;
  readonly refreshToken: string;
}

describe('an access token of a partner at the gateway', () => {
  it('carries no role, and those permissions that were granted and that its user holds', async () => {
    const { tokens } = await partners.authorize(partner, browser, {
      scope: 'openid product:read product:create',
      resource: test.origin,
    });
    expect((await test.get('/api/x', bearer(tokens.access_token))).status).toBe(200);
    expect(await gateway.verifyGiven()).toMatchObject({
      kind: 'user',
      credential: 'bearer',
      clientId: partner.id,
      roles: [],
      permissions: ['product:read', 'product:create'],
    });
    expect((await test.get('/vendors/x', bearer(tokens.access_token))).status).toBe(403);
    expect((await test.get('/closed/x', bearer(tokens.access_token))).status).toBe(401);
    await expect(gateway.verify(tokens.access_token)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
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
    { name: 'its session ends', isOwn: true, end: ({ own }) => gateway.post('/auth/sign-out', own) },
    {
      name: 'its user signs out everywhere',
      isOwn: true,
      end: ({ own }) => gateway.post('/auth/sessions/revoke-all', own),
    },
    { name: 'its user gets a new password by mail', isOwn: true, end: ({ own }) => resetPassword(own) },
    {
      name: 'its user takes back the consent',
      end: ({ own, clientId }) => withdraw(own, clientId),
    },
    {
      name: 'its user is banned',
      isOwn: true,
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
  ] satisfies readonly { name: string; isOwn?: boolean; end: (issued: Issued) => Promise<unknown> }[])(
    'ends when $name, and so does its refresh token',
    async ({ isOwn = false, end }) => {
      const registered = await partners.register();
      // A sign-in takes long: what ends a client or its grant leaves the session.
      const own = isOwn ? await partners.signedIn('user') : browser;
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

  it('of a first-party client follows the roles of its user', async () => {
    const own = await partners.signedIn('vendor');
    const product = await partners.register({ trust: 'first-party' });
    const { tokens } = await partners.authorize(product, own, { scope: 'openid', resource: test.origin });
    const access = bearer(tokens.access_token);
    expect((await test.get('/vendors/x', access)).status).toBe(200);
    const userId = tokens.claims()?.sub;
    await partners.operate('accounts/set-roles', { userId, roles: ['user'] });
    const [after, refreshed] = [
      (await test.get('/vendors/x', access)).status,
      await token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' }, product),
    ];
    const { access_token: next } = (await refreshed.json()) as { readonly access_token: string };
    const afterRefresh = (await test.get('/vendors/x', bearer(next))).status;
    await partners.operate('accounts/set-roles', { userId, roles: ['vendor'] });
    expect([after, afterRefresh]).toEqual([403, 403]);
  });

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

/** To the password that the account had: what ends sessions is that it was set. */
async function resetPassword(own: OAuthBrowser): Promise<void> {
  const { email = '', password = '' } = testAccounts.find(({ role }) => role === 'user') ?? {};
  await gateway.post('/auth/request-password-reset', own, { email });
  const mailbox = `${test.gateway.mailboxUrl ?? ''}/messages?to=${encodeURIComponent(email)}`;
  let token = '';
  await expect
    .poll(async () => {
      const messages = (await (await fetch(mailbox)).json()) as readonly { kind: string; links: readonly string[] }[];
      const link = messages.find(({ kind }) => kind === 'reset-password')?.links[0];
      token = link === undefined ? '' : (new URL(link).searchParams.get('token') ?? '');
      return token;
    })
    .not.toBe('');
  const answer = await gateway.post('/auth/reset-password', own, { token, newPassword: password });
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'password-changed' }]);
}

function withdraw(own: OAuthBrowser, clientId: string): Promise<Response> {
  return fetch(`${test.origin}/auth/account/apps/${clientId}`, {
    method: 'DELETE',
    headers: { origin: test.origin, cookie: own.cookiesFor('/') },
  });
}
