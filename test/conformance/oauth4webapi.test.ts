import { exportJWK, generateKeyPair } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { redirectUri, requireUrl, startProviderSystem, type ProviderSystem } from './provider-system.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// oxlint-disable-next-line no-deprecated -- marked to stand out; this is loopback
const onLoopback = { [oauth.allowInsecureRequests]: true };
const elsewhere = 'https://other.example/';

describe('a client and a resource with oauth4webapi', () => {
  let system: ProviderSystem;
  let server: oauth.AuthorizationServer;
  let client: oauth.Client;
  let proof: oauth.ClientAuth;

  beforeAll(async () => {
    system = await startProviderSystem();
    const issuer = new URL(system.origin);
    const found = await oauth.discoveryRequest(issuer, { ...onLoopback, algorithm: 'oauth2' });
    server = await oauth.processDiscoveryResponse(issuer, found);
    const keys = await generateKeyPair('ES256', { extractable: true });
    const key = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    const { id } = await system.register({
      authentication: 'private_key_jwt',
      jwks: { keys: [key] },
      resources: [system.origin, elsewhere],
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    });
    client = { client_id: id };
    proof = oauth.PrivateKeyJwt({ key: keys.privateKey, kid: 'one' });
  });
  afterAll(() => system.close());

  async function authorize(parameters: Readonly<Record<string, string>> = {}) {
    const verifier = oauth.generateRandomCodeVerifier();
    const nonce = oauth.generateRandomNonce();
    const state = oauth.generateRandomState();
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid profile offline_access',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      prompt: 'consent',
      nonce,
      state,
      ...parameters,
    }).toString();
    const browser = await system.signedIn();
    const shown = await browser.open(url.href);
    const back = requireUrl(shown instanceof URL ? shown : await browser.submit(shown, 'Allow'));
    const answer = oauth.validateAuthResponse(server, client, back, state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      proof,
      answer,
      redirectUri,
      verifier,
      onLoopback,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    // The keys of the provider, and its signature by them.
    await oauth.validateApplicationLevelSignature(server, response, onLoopback);
    return { back, state, tokens };
  }
  /** Asks a resource, as it would check a token. */
  const judge = (token: string, audience: string): Promise<oauth.JWTAccessTokenClaims> =>
    oauth.validateJwtAccessToken(
      server,
      new Request(audience, { headers: { authorization: `Bearer ${token}` } }),
      audience,
      onLoopback,
    );

  it('signs a user in, verifies the signature of the ID token, and reads the profile', async () => {
    const { tokens } = await authorize();
    const subject = oauth.getValidatedIdTokenClaims(tokens)?.sub ?? '';
    const response = await oauth.userInfoRequest(server, client, tokens.access_token, onLoopback);
    expect(await oauth.processUserInfoResponse(server, client, subject, response)).toMatchObject({ name: 'vendor' });
  });

  it('refuses the answer of another issuer, of another state, and one without an issuer', async () => {
    const { back, state } = await authorize();
    const forged = new URL(back);
    forged.searchParams.set('iss', 'https://evil.example');
    const bare = new URL(back);
    bare.searchParams.delete('iss');
    for (const wrong of [forged, bare])
      expect(() => oauth.validateAuthResponse(server, client, wrong, state)).toThrow(/iss/);
    expect(() => oauth.validateAuthResponse(server, client, back, 'another')).toThrow(/state/);
  });

  it('refreshes, and keeps what the ID token said', async () => {
    const { tokens } = await authorize();
    const response = await oauth.refreshTokenGrantRequest(
      server,
      client,
      proof,
      tokens.refresh_token ?? '',
      onLoopback,
    );
    const refreshed = await oauth.processRefreshTokenResponse(server, client, response);
    expect(oauth.getValidatedIdTokenClaims(refreshed)).toMatchObject({
      sub: oauth.getValidatedIdTokenClaims(tokens)?.sub,
      auth_time: oauth.getValidatedIdTokenClaims(tokens)?.auth_time,
    });
  });

  it('takes access tokens for its resource as RFC 9068 has them, and none for another', async () => {
    const { tokens } = await authorize({ resource: elsewhere, scope: 'openid product:read' });
    expect(await judge(tokens.access_token, elsewhere)).toMatchObject({
      client_id: client.client_id,
      iss: system.origin,
    });
    await expect(judge(tokens.access_token, 'https://third.example/')).rejects.toThrow(/aud/);
    await expect(judge(tokens.id_token ?? '', elsewhere)).rejects.toThrow();
    const service = await oauth.processClientCredentialsResponse(
      server,
      client,
      await oauth.clientCredentialsGrantRequest(
        server,
        client,
        proof,
        { scope: 'product:read', resource: elsewhere },
        onLoopback,
      ),
    );
    expect(await judge(service.access_token, elsewhere)).toMatchObject({
      sub: client.client_id,
      scope: 'product:read',
    });
  });

  it('asks about its tokens, and ends them', async () => {
    const { tokens } = await authorize();
    const ask = async (): Promise<oauth.IntrospectionResponse> =>
      oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, proof, tokens.access_token, onLoopback),
      );
    expect(await ask()).toMatchObject({ active: true, client_id: client.client_id });
    const ended = await oauth.revocationRequest(server, client, proof, tokens.refresh_token ?? '', onLoopback);
    expect(await oauth.processRevocationResponse(ended)).toBeUndefined();
    expect(await ask()).toEqual({ active: false });
  });

  it('reads from a refusal of the gateway how to come back', async () => {
    const refused = await oauth
      .protectedResourceRequest('none', 'GET', new URL('/api/x', system.origin), undefined, undefined, onLoopback)
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
  });
});
