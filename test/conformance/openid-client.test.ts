import { createOAuthBrowser } from '@sallyport/server/test-support';
import { exportJWK, generateKeyPair } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makePostgresSchema, postgresUrl, type PostgresSchema } from '../processes/postgres-schema.ts';
import {
  redirectUri,
  requirePage,
  requireUrl,
  startProviderSystem,
  type ProviderSystem,
  type RegisteredClient,
  type Role,
} from './provider-system.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('a client with openid-client [sqlite]', () => {
  openidClientFlows(() => Promise.resolve(undefined));
});

describe.skipIf(postgresUrl === '')('a client with openid-client [postgres]', () => {
  openidClientFlows(() => makePostgresSchema());
});

function openidClientFlows(makeSchema: () => Promise<PostgresSchema | undefined>): void {
  let schema: PostgresSchema | undefined;
  let system: ProviderSystem;

  beforeAll(async () => {
    schema = await makeSchema();
    system = await startProviderSystem(schema === undefined ? {} : { environment: { DATABASE_URL: schema.url } });
  });
  afterAll(async () => {
    await system.close();
    await schema?.drop();
  });

  const discover = (id: string, authentication: client.ClientAuth): Promise<client.Configuration> =>
    client.discovery(new URL(system.origin), id, undefined, authentication, {
      // oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
      execute: [client.allowInsecureRequests],
    });
  const withSecret = ({ id, secret }: RegisteredClient): Promise<client.Configuration> =>
    discover(id, client.ClientSecretBasic(secret));

  /** Everything up to the tokens: a signed-in user allows what is asked. */
  async function authorize(
    configuration: client.Configuration,
    parameters: Record<string, string> = {},
    role: Role = 'vendor',
  ) {
    const browser = await system.signedIn(role);
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const expectedNonce = client.randomNonce();
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: 'openid profile email offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
      prompt: 'consent',
      ...parameters,
    });
    const asked = await browser.open(url.href);
    const back = requireUrl(asked instanceof URL ? asked : await browser.submit(asked, 'Allow'));
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
    return { browser, back, tokens: await client.authorizationCodeGrant(configuration, back, checks) };
  }

  it('discovers the provider under its issuer, and finds nothing that is not there', async () => {
    const metadata = (await withSecret(await system.register())).serverMetadata();
    expect(metadata.issuer).toBe(system.origin);
    expect(metadata.supportsPKCE('S256')).toBe(true);
    expect(metadata.supportsPKCE('plain')).toBe(false);
    expect(metadata.response_types_supported).toEqual(['code']);
    expect(metadata.grant_types_supported?.toSorted()).toEqual([
      'authorization_code',
      'client_credentials',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ]);
    expect(metadata.registration_endpoint).toBeUndefined();
  });

  it('signs a user in with code and PKCE, and reads the profile', async () => {
    const configuration = await withSecret(await system.register());
    const { tokens } = await authorize(configuration);
    const subject = tokens.claims()?.sub ?? '';
    const profile = await client.fetchUserInfo(configuration, tokens.access_token, subject);
    expect(profile).toEqual({ sub: subject, name: 'vendor', email: 'vendor@example.test', email_verified: true });
  });

  it('refuses an answer that another issuer gave (RFC 9207)', async () => {
    const configuration = await withSecret(await system.register());
    const { back } = await authorize(configuration);
    const forged = new URL(back);
    forged.searchParams.set('iss', 'https://attacker.example');
    const checks = {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      expectedState: back.searchParams.get('state') ?? '',
    };
    await expect(client.authorizationCodeGrant(configuration, forged, checks)).rejects.toMatchObject({
      cause: { message: 'unexpected "iss" (issuer) response parameter value' },
    });
  });

  it('refreshes, each time with a new refresh token', async () => {
    const configuration = await withSecret(await system.register());
    let { refresh_token: token = '' } = (await authorize(configuration)).tokens;
    const used = new Set([token]);
    for (let round = 0; round < 3; round += 1) {
      ({ refresh_token: token = '' } = await client.refreshTokenGrant(configuration, token));
      used.add(token);
    }
    expect(used.size).toBe(4);
  });

  it('gets a token for the gateway by resource indicator, which opens a route', async () => {
    const configuration = await withSecret(await system.register());
    const { tokens } = await authorize(configuration, {
      scope: 'openid offline_access product:read',
      resource: system.origin,
    });
    const answer = await system.gateway.get('/api/x', { authorization: `Bearer ${tokens.access_token}` });
    expect(answer.status).toBe(200);
    await expect(
      client.refreshTokenGrant(configuration, tokens.refresh_token ?? '', { resource: 'https://other.example' }),
    ).rejects.toMatchObject({ error: 'invalid_target' });
  });

  it('acts for itself with client credentials, by a secret in the header and in the body', async () => {
    for (const [authentication, prove] of [
      ['client_secret_basic', client.ClientSecretBasic],
      ['client_secret_post', client.ClientSecretPost],
    ] as const) {
      const { id, secret } = await system.register({
        authentication,
        grantTypes: ['client_credentials'],
        redirectUris: [],
        scopes: ['product:read'],
      });
      const tokens = await client.clientCredentialsGrant(await discover(id, prove(secret)), { scope: 'product:read' });
      const answer = await system.gateway.get('/api/x', { authorization: `Bearer ${tokens.access_token}` });
      expect([authentication, answer.status]).toEqual([authentication, 200]);
    }
  });

  it.each(['ES256', 'Ed25519', 'RS256', 'PS256'])(
    'proves itself with a key, private_key_jwt with %s',
    async (algorithm) => {
      const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
      const key = { ...(await exportJWK(publicKey)), kid: 'one', alg: algorithm, use: 'sig' };
      const { id } = await system.register({ authentication: 'private_key_jwt', jwks: { keys: [key] } });
      const configuration = await discover(id, client.PrivateKeyJwt({ key: privateKey, kid: 'one' }));
      const { tokens } = await authorize(configuration);
      const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
      expect(refreshed.access_token).toBeTypeOf('string');
    },
  );

  it('signs a user in as a public client, without a secret', async () => {
    const { id } = await system.register({ authentication: 'none' });
    const configuration = await discover(id, client.None());
    const { tokens } = await authorize(configuration);
    const refreshed = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
    expect(refreshed.claims()?.sub).toBe(tokens.claims()?.sub);
  });

  it('asks about its tokens, and ends them', async () => {
    const registered = await system.register();
    const configuration = await withSecret(registered);
    const { tokens } = await authorize(configuration);
    const { refresh_token: refreshToken = '', access_token: accessToken } = tokens;
    expect(await client.tokenIntrospection(configuration, accessToken)).toMatchObject({
      active: true,
      client_id: registered.id,
      iss: system.origin,
      sub: tokens.claims()?.sub,
    });
    await client.tokenRevocation(configuration, refreshToken);
    expect(await client.tokenIntrospection(configuration, accessToken)).toEqual({ active: false });
    await expect(client.refreshTokenGrant(configuration, refreshToken)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await client.tokenRevocation(configuration, 'never-given');
  });

  it('leads its user through the sign-out and back, and the tokens end', async () => {
    const goodbye = 'https://client.example/goodbye';
    const registered = await system.register({ postLogoutRedirectUris: [goodbye] });
    const configuration = await withSecret(registered);
    const { browser, tokens } = await authorize(configuration);
    const url = client.buildEndSessionUrl(configuration, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: goodbye,
      state: 'after',
    });
    const cookie = browser.cookiesFor('/');
    expect((await system.gateway.get('/api/x', { cookie })).status).toBe(200);
    const back = requireUrl(await browser.submit(requirePage(await browser.open(url.href)), 'Sign out'));
    expect(back.href).toBe(`${goodbye}?state=after`);
    expect((await system.gateway.get('/api/x', { cookie })).status).toBe(401);
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect(await client.tokenIntrospection(configuration, tokens.access_token)).toEqual({ active: false });
  });

  it('is told where users said no, and where no user may be asked', async () => {
    const configuration = await withSecret(await system.register());
    const parameters = {
      redirect_uri: redirectUri,
      scope: 'openid profile',
      code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
      state: 'kept',
    };
    const browser = await system.signedIn();
    const asked = requirePage(await browser.open(client.buildAuthorizationUrl(configuration, parameters).href));
    const refused = requireUrl(await browser.submit(asked, 'Cancel'));
    expect(Object.fromEntries(refused.searchParams)).toMatchObject({
      error: 'access_denied',
      state: 'kept',
      iss: system.origin,
    });
    const silent = client.buildAuthorizationUrl(configuration, { ...parameters, prompt: 'none' });
    expect(requireUrl(await browser.open(silent.href)).searchParams.get('error')).toBe('consent_required');
    const stranger = createOAuthBrowser(system.origin);
    expect(requireUrl(await stranger.open(silent.href)).searchParams.get('error')).toBe('login_required');
  });

  it('loses its grant when the user is banned', async () => {
    const configuration = await withSecret(await system.register());
    const { tokens } = await authorize(configuration, {}, 'user');
    await system.operate('accounts/set-banned', { userId: tokens.claims()?.sub, isBanned: true });
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
}
