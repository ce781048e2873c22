import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as client from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOAuthBrowser, type ShownPage } from './test-support/oauth-browser.ts';
import { startPlainUpstream, type PlainUpstream } from './test-support/plain-upstream.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testAccounts } from './test-support/test-preset.ts';

// Each signs users in several times, and waits for what is sent beside requests.
vi.setConfig({ testTimeout: 60_000 });

const redirectUri = 'http://127.0.0.1:4999/callback';
const operator = { actor: 'operator:ada', requestId: 'operator', address: 'local' };

let upstream: PlainUpstream;
let test: TestGateway;
let receiver: Server;
let receiverOrigin: string;
/** The logout tokens that the client received. */
let received: string[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push(new URLSearchParams(body).get('logout_token') ?? '');
      response.end();
    });
  });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const host = `localhost:${(receiver.address() as AddressInfo).port}`;
  receiverOrigin = `http://${host}`;
  upstream = await startPlainUpstream();
  const to = { upstream: upstream.origin };
  test = await startTestGateway({
    config: {
      oauthProvider: { privateHosts: [host] },
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
  receiver.closeAllConnections();
  receiver.close();
});
beforeEach(() => {
  received = [];
});

const order = <Result>(name: string, input: object): Promise<Result> =>
  test.gateway.control.operate(name, input, operator) as Promise<Result>;

interface Registered {
  readonly id: string;
  readonly secret: string;
  readonly name: string;
}

let made = 0;
async function register(change: object = {}): Promise<Registered> {
  made += 1;
  const name = `Partner ${made}`;
  const { client: shown, secret } = await order<{ client: { id: string }; secret: string }>('oauth-clients/create', {
    name,
    authentication: 'client_secret_basic',
    grantTypes: ['authorization_code', 'refresh_token'],
    redirectUris: [redirectUri],
    scopes: ['openid', 'profile', 'offline_access', 'product:read'],
    resources: [test.origin],
    backchannelLogoutUri: `${receiverOrigin}/logout`,
    ...change,
  });
  return { id: shown.id, secret, name };
}

function discover({ id, secret }: Registered): Promise<client.Configuration> {
  return client.discovery(new URL(test.origin), id, secret, client.ClientSecretBasic(secret), {
    // oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
    execute: [client.allowInsecureRequests],
  });
}

/** A user signs in to the client, and allows what it asks for. */
async function signInTo(registered: Registered, browser = createOAuthBrowser(test.origin)) {
  const configuration = await discover(registered);
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier, expectedState: client.randomState(), idTokenExpected: true };
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid offline_access product:read',
    prompt: 'consent',
    resource: test.origin,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
  });
  const { email, password } = testAccounts.find(({ role }) => role === 'vendor') ?? expect.fail('there is one');
  const first = await browser.open(url.href);
  const asked =
    first instanceof URL || !first.text.includes('name="password"')
      ? first
      : await browser.submit(first, 'Sign in', { email, password });
  const back = asked instanceof URL ? asked : await browser.submit(asked, 'Allow');
  if (!(back instanceof URL)) return expect.fail((back satisfies ShownPage).text);
  const tokens = await client.authorizationCodeGrant(configuration, back, checks);
  return { browser, configuration, tokens, claims: tokens.claims() };
}

const signOut = (browser: { cookiesFor(path: string): string }): Promise<Response> =>
  fetch(`${test.origin}/auth/sign-out`, {
    method: 'POST',
    headers: { origin: test.origin, cookie: browser.cookiesFor('/auth/sign-out') },
  });
async function untilReceived(count: number): Promise<readonly string[]> {
  for (let waited = 0; received.length < count && waited < 20_000; waited += 50)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return received;
}
/** Times in tokens are whole seconds: one of the second in which a client was disabled counts as one from before. */
const untilNextSecond = () => new Promise((resolve) => setTimeout(resolve, 1_100));
const refused = { error: 'invalid_grant' };
const askForToken = (configuration: client.Configuration) =>
  client.clientCredentialsGrant(configuration, { scope: 'product:read', resource: test.origin });
/** The error of the token endpoint, in the body or in the challenge. */
function errorOf(error: unknown): string {
  if (error instanceof client.ResponseBodyError) return error.error;
  if (error instanceof client.WWWAuthenticateChallengeError) return String(error.cause[0]?.parameters['error']);
  return String(error);
}
const program = {
  grantTypes: ['client_credentials'],
  redirectUris: [],
  scopes: ['product:read'],
  backchannelLogoutUri: undefined,
};
const statusWith = async (token: string): Promise<number> =>
  (await test.get('/api/x', { authorization: `Bearer ${token}` })).status;
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('a client that users signed in to', () => {
  it('is told by a token that verifies with the published keys, for the session that its ID token named', async () => {
    const registered = await register();
    const { browser, configuration, claims, tokens } = await signInTo(registered);
    const { backchannel_logout_supported, backchannel_logout_session_supported, jwks_uri } =
      configuration.serverMetadata();
    expect([backchannel_logout_supported, backchannel_logout_session_supported]).toEqual([true, true]);
    expect((await signOut(browser)).status).toBe(204);
    const [token = ''] = await untilReceived(1);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const { kid, typ } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, string>;
    const { keys } = (await (await fetch(jwks_uri ?? '')).json()) as { readonly keys: readonly JsonWebKey[] };
    const key = createPublicKey({ key: keys.find((one) => one['kid'] === kid) ?? {}, format: 'jwk' });
    const signed = { key, dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', Buffer.from(`${header}.${payload}`), signed, Buffer.from(signature, 'base64url'))).toBe(
      true,
    );
    expect(typ).toBe('logout+jwt');
    expect(claims?.['sid']).toBeTypeOf('string');
    expect(claimsOf(token)).toMatchObject({
      iss: test.origin,
      aud: registered.id,
      sub: claims?.sub,
      sid: claims?.['sid'],
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token ?? '')).rejects.toMatchObject(refused);
    expect(await statusWith(tokens.access_token)).toBe(401);
  });

  it('is told once for each client of the session, and not for a client that was not signed in to', async () => {
    const [one, other] = [await register(), await register()];
    await register();
    const { browser } = await signInTo(one);
    await signInTo(other, browser);
    await signInTo(one, browser);
    await signOut(browser);
    await untilReceived(2);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(received.map((token) => String(claimsOf(token)['aud'])).toSorted()).toEqual([one.id, other.id].toSorted());
  });

  it('is told by a ban', async () => {
    const registered = await register();
    const { claims } = await signInTo(registered);
    await order('accounts/set-banned', { userId: claims?.sub ?? '', isBanned: true });
    expect(claimsOf((await untilReceived(1))[0] ?? '')).toMatchObject({ aud: registered.id, sub: claims?.sub });
    await order('accounts/set-banned', { userId: claims?.sub ?? '', isBanned: false });
  });
});

describe('a client that loses its place', () => {
  it.each([
    { name: 'disabled', end: ({ id }: Registered) => order('oauth-clients/set-disabled', { id, isDisabled: true }) },
    { name: 'deleted', end: ({ id }: Registered) => order('oauth-clients/delete', { id }) },
  ])('loses its tokens in the moment in which it is $name', async ({ end }) => {
    const registered = await register();
    const { configuration, tokens } = await signInTo(registered);
    expect(await statusWith(tokens.access_token)).toBe(200);
    await end(registered);
    expect(await statusWith(tokens.access_token)).toBe(401);
    const refreshing = client.refreshTokenGrant(configuration, tokens.refresh_token ?? '').catch(errorOf);
    expect(await refreshing).toBe('invalid_client');
    // The sessions of its users go on here, and nothing tells it that they ended.
    expect(received).toEqual([]);
  });

  it('does not get its tokens back when it is enabled again', async () => {
    const registered = await register();
    const { configuration, tokens } = await signInTo(registered);
    await order('oauth-clients/set-disabled', { id: registered.id, isDisabled: true });
    await order('oauth-clients/set-disabled', { id: registered.id, isDisabled: false });
    expect(await statusWith(tokens.access_token)).toBe(401);
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token ?? '')).rejects.toMatchObject(refused);
    await untilNextSecond();
    expect(await statusWith((await signInTo(registered)).tokens.access_token)).toBe(200);
  });
});

describe('a program with a token of its own', () => {
  it('loses it when it is disabled, and does not get it back when it is enabled again', async () => {
    const registered = await register(program);
    const configuration = await discover(registered);
    const { access_token } = await askForToken(configuration);
    expect(await statusWith(access_token)).toBe(200);
    await order('oauth-clients/set-disabled', { id: registered.id, isDisabled: true });
    expect(await statusWith(access_token)).toBe(401);
    await order('oauth-clients/set-disabled', { id: registered.id, isDisabled: false });
    expect(await statusWith(access_token)).toBe(401);
    await untilNextSecond();
    expect(await statusWith((await askForToken(configuration)).access_token)).toBe(200);
  });
});

describe('the secret of a client at the token endpoint', () => {
  const ask = async (registered: Registered): Promise<string> => {
    const configuration = await discover(registered);
    try {
      const { scope = 'nothing' } = await askForToken(configuration);
      return scope;
    } catch (error) {
      return errorOf(error);
    }
  };

  it('works beside the next one while they overlap, and no longer', async () => {
    const registered = await register(program);
    expect(await ask(registered)).toBe('product:read');
    const { secret } = await order<{ secret: string }>('oauth-clients/rotate-secret', {
      id: registered.id,
      overlapSeconds: 3_600,
    });
    expect(await Promise.all([ask(registered), ask({ ...registered, secret })])).toEqual([
      'product:read',
      'product:read',
    ]);
    const { secret: last } = await order<{ secret: string }>('oauth-clients/rotate-secret', {
      id: registered.id,
      overlapSeconds: 0,
    });
    expect(await ask({ ...registered, secret: last })).toBe('product:read');
    expect(await ask(registered)).toBe('invalid_client');
    expect(await ask({ ...registered, secret })).toBe('invalid_client');
  });

  it('is refused when it is that of another client, or mistyped', async () => {
    const [one, other] = [await register(program), await register(program)];
    expect(await ask({ ...one, secret: other.secret })).toBe('invalid_client');
    expect(await ask({ ...one, secret: one.secret.slice(0, -1) })).toBe('invalid_client');
  });

  it('gets no scope that the client was not registered for', async () => {
    const registered = await register(program);
    await order('oauth-clients/update', { id: registered.id, change: { scopes: [] } });
    expect(await ask(registered)).toBe('nothing');
  });
});
