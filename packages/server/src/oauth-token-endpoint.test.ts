import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redirectUri, requireUrl } from './test-support/oauth-partner.ts';
import {
  bearer,
  errorOf,
  offline,
  startProviderGateway,
  type ProviderGateway,
} from './test-support/provider-gateway.ts';

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
    expect(await gateway.verifyGiven()).toMatchObject({
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
