import { exportJWK, generateKeyPair } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { redirectUri, requirePage, requireUrl, startProviderSystem, type ProviderSystem } from './provider-system.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const elsewhere = 'https://another.example/callback';

interface Authorization {
  readonly url: URL;
  readonly checks: client.AuthorizationCodeGrantChecks;
}

describe('PAR, private_key_jwt and DPoP with openid-client', () => {
  let system: ProviderSystem;
  let configuration: client.Configuration;
  let another: client.Configuration;
  let publicClient: client.Configuration;
  let browser: Awaited<ReturnType<ProviderSystem['signedIn']>>;

  beforeAll(async () => {
    system = await startProviderSystem({ oauthProvider: { authorizations: [], requests: [] } });
    configuration = await registerWithKey({ requirePushedRequests: true, dpop: 'required' });
    another = await registerWithKey({ requirePushedRequests: true, redirectUris: [elsewhere] });
    browser = await system.signedIn();
    const { id } = await system.register({ authentication: 'none' });
    publicClient = await discover(id, client.None());
  });
  afterAll(() => system.close());

  const discover = (id: string, authentication: client.ClientAuth): Promise<client.Configuration> =>
    client.discovery(new URL(system.origin), id, undefined, authentication, {
      // oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
      execute: [client.allowInsecureRequests],
    });

  /** A client that proves itself with a key of its own. */
  async function registerWithKey(change: object): Promise<client.Configuration> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    const { id } = await system.register({ authentication: 'private_key_jwt', jwks: { keys: [key] }, ...change });
    return discover(id, client.PrivateKeyJwt({ key: privateKey, kid: 'one' }));
  }

  const newKey = async (of = configuration): Promise<client.DPoPHandle> =>
    client.getDPoPHandle(of, await client.randomDPoPKeyPair('ES256', { extractable: true }));

  async function begin(
    DPoP?: client.DPoPHandle,
    of = configuration,
    more: Readonly<Record<string, string>> = { resource: system.origin },
  ): Promise<Authorization> {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const parameters = {
      redirect_uri: redirectUri,
      scope: 'openid offline_access product:read',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      prompt: 'consent',
      ...more,
    };
    const url = await client.buildAuthorizationUrlWithPAR(of, parameters, DPoP === undefined ? {} : { DPoP });
    return { url, checks: { pkceCodeVerifier, expectedState, idTokenExpected: true } };
  }
  async function allow({ url }: Authorization): Promise<URL> {
    const shown = await browser.open(url.href);
    return requireUrl(shown instanceof URL ? shown : await browser.submit(shown, 'Allow'));
  }
  async function authorize(DPoP: client.DPoPHandle, of = configuration) {
    const authorization = await begin(DPoP, of);
    const back = await allow(authorization);
    return client.authorizationCodeGrant(of, back, authorization.checks, undefined, { DPoP });
  }
  const codeOf = (shown: URL | object): string | null => (shown instanceof URL ? shown.searchParams.get('code') : null);
  const call = (token: string, DPoP?: client.DPoPHandle): Promise<Response> =>
    client.fetchProtectedResource(
      configuration,
      token,
      new URL('/api/x', system.origin),
      'GET',
      undefined,
      undefined,
      DPoP === undefined ? {} : { DPoP },
    );
  const statusOf = (promise: Promise<Response>): Promise<number | undefined> =>
    promise.then(
      ({ status }) => status,
      (error: unknown) => (error as { readonly status?: number }).status,
    );

  it('signs a user in, refreshes, and opens a route with a proof for each request', async () => {
    const DPoP = await newKey();
    const tokens = await authorize(DPoP);
    expect(tokens.token_type).toBe('dpop');
    for (let index = 0; index < 2; index++) expect((await call(tokens.access_token, DPoP)).status).toBe(200);
    const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '', undefined, { DPoP });
    expect((await call(refreshed.access_token, DPoP)).status).toBe(200);
    expect(await client.tokenIntrospection(configuration, tokens.access_token)).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: await DPoP.calculateThumbprint() },
    });
  });

  it('RFC9449-7.1-1: reads the profile of its user with a proof, and never without', async () => {
    const DPoP = await newKey(publicClient);
    const authorization = await begin(DPoP, publicClient, { scope: 'openid profile' });
    const back = await allow(authorization);
    const tokens = await client.authorizationCodeGrant(publicClient, back, authorization.checks, undefined, { DPoP });
    const subject = tokens.claims()?.sub ?? '';
    expect(await client.fetchUserInfo(publicClient, tokens.access_token, subject, { DPoP })).toMatchObject({
      sub: subject,
    });
    for (const thief of [{}, { DPoP: await newKey(publicClient) }])
      await expect(client.fetchUserInfo(publicClient, tokens.access_token, subject, thief)).rejects.toMatchObject({
        status: 401,
      });
  });

  it('RFC9449-5.2-1: acts for itself with a proof, and gets no token without one', async () => {
    const own = await registerWithKey({
      dpop: 'required',
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: ['product:read'],
    });
    const DPoP = await newKey(own);
    const tokens = await client.clientCredentialsGrant(own, { scope: 'product:read' }, { DPoP });
    expect((await call(tokens.access_token, DPoP)).status).toBe(200);
    expect(await statusOf(call(tokens.access_token))).toBe(401);
    await expect(client.clientCredentialsGrant(own, { scope: 'product:read' })).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('RFC9700-2.2-1: refuses a stolen access token without the key, with another key, and as what it is not', async () => {
    const { access_token: token } = await authorize(await newKey());
    expect(await statusOf(call(token))).toBe(401);
    expect(await statusOf(call(token, await newKey()))).toBe(401);
    expect((await system.gateway.get('/api/x', { authorization: `DPoP ${token}` })).status).toBe(401);
  });

  it('RFC9449-10.1-1: gives no tokens for a code with another key, or without one', async () => {
    for (const thief of [undefined, await newKey()]) {
      const authorization = await begin(await newKey());
      const back = await allow(authorization);
      const proof = thief === undefined ? {} : { DPoP: thief };
      await expect(
        client.authorizationCodeGrant(configuration, back, authorization.checks, undefined, proof),
      ).rejects.toMatchObject({ error: 'invalid_grant' });
    }
  });

  it('RFC9449-5-1: refreshes a public client with its key alone, and a thief ends nothing', async () => {
    const DPoP = await newKey(publicClient);
    const { refresh_token: token = '' } = await authorize(DPoP, publicClient);
    const thieves = [{}, { DPoP: await newKey(publicClient) }];
    for (const thief of thieves)
      await expect(client.refreshTokenGrant(publicClient, token, undefined, thief)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    const refreshed = await client.refreshTokenGrant(publicClient, token, undefined, { DPoP });
    // The answer is given again to a client that may not have got it, for some seconds: to the one with the key.
    for (const thief of thieves)
      await expect(client.refreshTokenGrant(publicClient, token, undefined, thief)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    const again = await client.refreshTokenGrant(publicClient, token, undefined, { DPoP });
    expect(again.refresh_token).toBe(refreshed.refresh_token);
  });

  it('RFC9126-6-1: takes no plain authorization request of a client that has to push them', async () => {
    const parameters = {
      redirect_uri: redirectUri,
      scope: 'openid',
      code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    };
    const url = client.buildAuthorizationUrl(configuration, parameters);
    const refused = requireUrl(await browser.open(url.href));
    expect(refused.searchParams.get('error')).toBe('invalid_request');
    expect(refused.searchParams.get('code')).toBeNull();
  });

  it('RFC9126-4-1: takes a pushed request from the client that pushed it, and once', async () => {
    const { url, checks } = await begin(await newKey());
    const stranger = new URL(url);
    stranger.searchParams.set('client_id', another.clientMetadata().client_id);
    const refused = requireUrl(await browser.open(stranger.href));
    expect([refused.origin, refused.searchParams.get('error')]).toEqual([
      'https://another.example',
      'invalid_request_object',
    ]);
    const unknown = new URL(url);
    unknown.searchParams.set('request_uri', `urn:ietf:params:oauth:request_uri:${'x'.repeat(43)}`);
    expect(codeOf(await browser.open(unknown.href))).toBeNull();
    await allow({ url, checks });
    expect(codeOf(await browser.open(url.href))).toBeNull();
  });

  it('RFC9126-4-2: takes a pushed request for a minute', async () => {
    const { url } = await begin(await newKey());
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    try {
      const refused = requireUrl(await browser.open(url.href));
      expect([refused.searchParams.get('code'), refused.searchParams.get('error')]).toEqual([
        null,
        'invalid_request_uri',
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('RFC9126-7.3-1: gives one code for a pushed request that is answered in two windows at once', async () => {
    const { url } = await begin(await newKey());
    const windows = [requirePage(await browser.open(url.href)), requirePage(await browser.open(url.href))];
    const answered = await Promise.all(
      windows.map((page) => browser.submit(page, 'Allow').catch((error: unknown) => error)),
    );
    const codes = answered.filter((back) => back instanceof URL && back.searchParams.has('code'));
    expect(codes).toHaveLength(1);
  });

  it('RFC9126-2.1-1: takes no pushed request whose answer would be posted, or stand in a fragment', async () => {
    for (const mode of ['form_post', 'fragment'])
      await expect(begin(undefined, another, { redirect_uri: elsewhere, response_mode: mode })).rejects.toMatchObject({
        error: 'invalid_request',
      });
  });

  it('RFC9126-2.1-2: takes no pushed request with a redirect URI that is not registered, without PKCE, or without a proof of the client', async () => {
    await expect(begin(undefined, another, { redirect_uri: redirectUri })).rejects.toMatchObject({
      error: 'invalid_request',
    });
    await expect(begin(undefined, another, { redirect_uri: elsewhere, code_challenge: 'short' })).rejects.toMatchObject(
      {
        error: 'invalid_request',
      },
    );
    const form = new URLSearchParams({ client_id: another.clientMetadata().client_id, response_type: 'code' });
    const answer = await fetch(`${system.origin}/oauth2/par`, { method: 'POST', body: form });
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: 'invalid_client' }]);
  });

  it('RFC9126-5-1: says in its documents what it takes', async () => {
    expect(configuration.serverMetadata()).toMatchObject({
      pushed_authorization_request_endpoint: `${system.origin}/oauth2/par`,
      dpop_signing_alg_values_supported: ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256'],
    });
  });
});

describe('DPoP with nonces of the server, with openid-client', () => {
  let system: ProviderSystem;
  beforeAll(async () => {
    system = await startProviderSystem({
      oauthProvider: { dpopNonces: true, authorizations: [{ per: 'address', max: 3, seconds: 60 }] },
    });
  });
  afterAll(() => system.close());

  it('RFC9126-7.1-1: a client that proves nothing leaves little behind, and not often', async () => {
    const { id } = await system.register({ authentication: 'none' });
    const push = (state: string): Promise<Response> =>
      fetch(`${system.origin}/oauth2/par`, {
        method: 'POST',
        body: new URLSearchParams({
          client_id: id,
          response_type: 'code',
          redirect_uri: redirectUri,
          scope: 'openid',
          code_challenge: 'x'.repeat(43),
          code_challenge_method: 'S256',
          state,
        }),
      });
    expect((await push('x'.repeat(9000))).status).toBe(413);
    const { id: device } = await system.register({
      authentication: 'none',
      grantTypes: ['device_code'],
      redirectUris: [],
      scopes: ['openid'],
    });
    for (const [path, client_id] of [
      ['/oauth2/auth', id],
      ['/oauth2/device', device],
    ] as const) {
      const body = new URLSearchParams({ client_id, scope: 'openid', acr_values: 'x'.repeat(9000) });
      expect([path, (await fetch(system.origin + path, { method: 'POST', body })).status]).toEqual([path, 413]);
    }
    const statuses = [];
    for (let index = 0; index < 3; index++) statuses.push((await push('x')).status);
    expect(statuses).toEqual([201, 201, 429]);
  });

  it('RFC9449-8-1: takes one nonce at the token endpoint and on routes, and nothing without', async () => {
    const { id, secret } = await system.register({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: ['product:read'],
    });
    const configuration = await client.discovery(
      new URL(system.origin),
      id,
      undefined,
      client.ClientSecretBasic(secret),
      {
        // oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
        execute: [client.allowInsecureRequests],
      },
    );
    const nonces: (string | null)[] = [];
    configuration[client.customFetch] = async (url, options) => {
      // The options of openid-client are those of fetch.
      const answer = await fetch(url, options as RequestInit);
      nonces.push(answer.headers.get('dpop-nonce'));
      return answer;
    };
    const DPoP = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair('ES256'));
    const tokens = await client.clientCredentialsGrant(configuration, { scope: 'product:read' }, { DPoP });
    const call = (): Promise<Response> =>
      client.fetchProtectedResource(
        configuration,
        tokens.access_token,
        new URL('/api/x', system.origin),
        'GET',
        undefined,
        undefined,
        { DPoP },
      );
    expect((await call()).status).toBe(200);
    // Asked once for a nonce; the one of the token endpoint was good on the route.
    expect(nonces.filter((nonce) => nonce !== null)).toHaveLength(1);
    expect(nonces).toHaveLength(3);
  });
});
