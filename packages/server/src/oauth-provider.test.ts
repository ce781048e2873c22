import { createTokenVerifier, createRemoteKeySource } from '@sallyport/core';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOAuthBrowser, type OAuthBrowser, type ShownPage } from './test-support/oauth-browser.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testAccounts } from './test-support/test-preset.ts';
import { startPlainUpstream, type PlainUpstream } from './test-support/plain-upstream.ts';

let upstream: PlainUpstream;
let test: TestGateway;

const redirectUri = 'http://127.0.0.1:4999/callback';
const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' };

beforeAll(async () => {
  upstream = await startPlainUpstream();
  const to = { upstream: upstream.origin };
  test = await startTestGateway({
    config: {
      oauthProvider: {},
      routes: [
        {
          ...to,
          name: 'api',
          prefix: '/api',
          audience: 'api',
          access: 'signed-in',
          credentials: ['session', 'bearer'],
          permissions: ['product:*'],
        },
        { ...to, name: 'shell', prefix: '/', audience: 'shell', access: 'optional' },
      ],
    },
  });
});
afterAll(async () => {
  await test.close();
  upstream.close();
});

interface RegisteredClient {
  readonly id: string;
  readonly secret: string;
}

let made = 0;
async function register(change: object = {}): Promise<RegisteredClient> {
  made += 1;
  const registration = {
    name: `Partner ${made}`,
    authentication: 'client_secret_basic',
    grantTypes: ['authorization_code', 'refresh_token'],
    redirectUris: [redirectUri],
    scopes: ['openid', 'profile', 'email', 'offline_access', 'product:read', 'product:create'],
    resources: [test.origin],
    ...change,
  };
  const { client: shown, secret } = (await test.gateway.control.operate(
    'oauth-clients/create',
    registration,
    operator,
  )) as {
    readonly client: { readonly id: string };
    readonly secret: string;
  };
  return { id: shown.id, secret };
}

async function discover({ id, secret }: RegisteredClient): Promise<client.Configuration> {
  return client.discovery(new URL(test.origin), id, secret, client.ClientSecretBasic(secret), {
    // oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
    execute: [client.allowInsecureRequests],
  });
}

interface Flow {
  readonly url: URL;
  readonly checks: client.AuthorizationCodeGrantChecks;
}

async function begin(configuration: client.Configuration, parameters: Record<string, string> = {}): Promise<Flow> {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  });
  return { url, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } };
}

async function signIn(browser: OAuthBrowser, page: ShownPage | URL, role = 'vendor'): Promise<ShownPage | URL> {
  const { email, password } = testAccounts.find((account) => account.role === role) ?? expect.fail('there is one');
  return browser.submit(requirePage(page), 'Sign in', { email, password });
}

function requirePage(page: ShownPage | URL): ShownPage {
  if (page instanceof URL) return expect.fail(`led to ${page.href}`);
  return page;
}

function requireUrl(page: ShownPage | URL): URL {
  return page instanceof URL ? page : expect.fail(`${page.status} ${page.url}: ${page.text}`);
}

/** Signs in, allows everything, and redeems the code. */
async function authorize(registered: RegisteredClient, parameters: Record<string, string> = {}, role = 'vendor') {
  const browser = createOAuthBrowser(test.origin);
  const configuration = await discover(registered);
  const { url, checks } = await begin(configuration, parameters);
  const asked = await signIn(browser, await browser.open(url.href), role);
  const back = requireUrl(asked instanceof URL ? asked : await browser.submit(asked, 'Allow'));
  const tokens = await client.authorizationCodeGrant(configuration, back, checks);
  return { browser, configuration, back, checks, tokens };
}

describe('a partner with openid-client', () => {
  it('signs a user in with code, PKCE and consent, and reads the profile', async () => {
    const registered = await register();
    const { tokens, configuration } = await authorize(registered);
    const claims = tokens.claims();
    expect(claims).toMatchObject({ iss: test.origin, aud: registered.id, acr: 'pwd', amr: ['pwd'] });
    expect(claims?.auth_time).toBeTypeOf('number');
    const profile = await client.fetchUserInfo(configuration, tokens.access_token, claims?.sub ?? '');
    expect(profile).toEqual({ sub: claims?.sub, name: 'vendor', email: 'vendor@example.test', email_verified: true });
    expect(tokens.refresh_token).toBeUndefined();
  });

  it('refreshes with rotation, and the gateway takes the token for the public URL', async () => {
    const registered = await register();
    const { tokens, configuration } = await authorize(registered, {
      scope: 'openid offline_access product:read',
      prompt: 'consent',
      resource: test.origin,
    });
    expect(tokens.refresh_token).toMatch(/^sp_rt_/);
    expect(tokens.scope).toBe('product:read');
    const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
    const answer = await test.get('/api/x', { authorization: `Bearer ${refreshed.access_token}` });
    expect(answer.status).toBe(200);
    const given = upstream.seen.at(-1)?.authorization?.slice('Bearer '.length) ?? '';
    const keys = createRemoteKeySource({
      url: `http://127.0.0.1:${test.gateway.internalPort}/internal/.well-known/jwks.json`,
    });
    const verifier = createTokenVerifier({ issuer: `${test.origin}/internal`, audience: 'api', keys });
    expect(await verifier.verify(given)).toMatchObject({
      kind: 'user',
      credential: 'bearer',
      clientId: registered.id,
      roles: [],
      permissions: ['product:read'],
    });
  });
});
