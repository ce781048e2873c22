import { setTimeout as wait } from 'node:timers/promises';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startProviderSystem, type ProviderSystem, type RegisteredClient } from './provider-system.ts';
import {
  askForCode,
  basic,
  codeParameters,
  getCode,
  getTokens,
  introspect,
  isTaken,
  newPkce,
  postForm,
  redeem,
  refresh,
  sendRaw,
  type RawAnswer,
  type RawTokens,
} from './raw-flow.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let system: ProviderSystem;
let cookie: string;
let own: RegisteredClient;
let other: RegisteredClient;
const pkce = newPkce();
/** Longer than an answer is given again to a client that may not have got it. */
const afterRetriesMilliseconds = 10_500;

beforeAll(async () => {
  system = await startProviderSystem();
  cookie = await system.gateway.signIn('vendor');
  own = await system.register({ trust: 'first-party' });
  other = await system.register({ trust: 'first-party' });
});
afterAll(() => system.close());

function expectRefused({ status, json }: RawAnswer, error: string): void {
  expect([status, json['error'], json['access_token']]).toEqual([
    error === 'invalid_client' ? 401 : 400,
    error,
    undefined,
  ]);
}

describe('codes (RFC 9700)', () => {
  it('RFC9700-4.5-1: the provider redeems no code for another client, and not with another redirect URI', async () => {
    const code = await getCode(system, cookie, own, pkce);
    expectRefused(await redeem(system, other, code, pkce), 'invalid_grant');
    for (const uri of ['https://client.example/callback/', 'https://evil.example/'])
      expectRefused(await redeem(system, own, code, pkce, { redirect_uri: uri }), 'invalid_grant');
    expect((await redeem(system, own, code, pkce)).status).toBe(200);
    // What another client presents ends nothing that is not its own.
    expectRefused(await redeem(system, other, code, pkce), 'invalid_grant');
    expect((await redeem(system, own, code, pkce)).status).toBe(200);
  });

  it.concurrent('RFC9700-4.5-2: the provider ends the tokens of a code that is used again', async () => {
    const code = await getCode(system, cookie, own, pkce, { resource: system.origin, scope: 'openid product:read' });
    const { json, status } = await redeem(system, own, code, pkce);
    expect(status).toBe(200);
    const tokens = json as unknown as RawTokens; // Of a first-party client that may refresh.
    expect(await isTaken(system, tokens.access_token)).toBe(200);
    await wait(afterRetriesMilliseconds);
    expectRefused(await redeem(system, own, code, pkce), 'invalid_grant');
    expect(await isTaken(system, tokens.access_token)).toBe(401);
    expectRefused(await refresh(system, own, tokens.refresh_token), 'invalid_grant');
  });

  it('RFC9700-4.5-3: the provider refuses a code that is used again with another proof, and ends nothing for that', async () => {
    const code = await getCode(system, cookie, own, pkce, { resource: system.origin, scope: 'openid product:read' });
    const { json } = await redeem(system, own, code, pkce);
    expectRefused(await redeem(system, own, code, newPkce()), 'invalid_grant');
    expect(await isTaken(system, String(json['access_token']))).toBe(200);
  });

  it('RFC9700-4.5-4: the provider gives twenty requests with one code one and the same answer', async () => {
    const code = await getCode(system, cookie, own, pkce);
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(system, own, code, pkce)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ json }) => json['refresh_token'])).size).toBe(1);
  });
});

describe('refresh tokens (RFC 9700)', () => {
  it('RFC9700-4.14-1: the provider takes a refresh token from its own client alone', async () => {
    const { refresh_token: token } = await getTokens(system, cookie, own);
    expectRefused(await refresh(system, other, token), 'invalid_grant');
    expectRefused(
      await postForm(system, '/oauth2/token', { grant_type: 'refresh_token', refresh_token: token }),
      'invalid_request',
    );
    expectRefused(
      await postForm(system, '/oauth2/token', { grant_type: 'refresh_token', refresh_token: token, client_id: own.id }),
      'invalid_client',
    );
    expect((await refresh(system, own, token)).status).toBe(200);
  });

  it.concurrent.each(['client_secret_basic', 'none'])(
    'RFC9700-4.14-2: the provider ends the grant of a refresh token that is used again (%s)',
    async (authentication) => {
      const client = await system.register({ trust: 'first-party', authentication });
      const first = await getTokens(system, cookie, client);
      const { json } = await refresh(system, client, first.refresh_token);
      expect(json['refresh_token']).not.toBe(first.refresh_token);
      await wait(afterRetriesMilliseconds);
      expectRefused(await refresh(system, client, first.refresh_token), 'invalid_grant');
      expectRefused(await refresh(system, client, String(json['refresh_token'])), 'invalid_grant');
    },
  );

  it('RFC9700-4.14-3: the provider widens neither scope nor resource at a refresh', async () => {
    const asked = { resource: system.origin, scope: 'openid product:read' };
    const { refresh_token: token } = await getTokens(system, cookie, own, asked);
    expectRefused(await refresh(system, own, token, { scope: 'openid product:read product:create' }), 'invalid_scope');
    expectRefused(await refresh(system, own, token, { scope: 'openid email' }), 'invalid_scope');
    expectRefused(await refresh(system, own, token, { resource: 'https://other.example/' }), 'invalid_target');
    const { json, status } = await refresh(system, own, token);
    expect([status, json['scope']]).toEqual([200, 'product:read']);
  });

  it('RFC9700-4.14-4: the provider gives a disabled client nothing, and what it had ends', async () => {
    const client = await system.register({ trust: 'first-party' });
    const tokens = await getTokens(system, cookie, client, { resource: system.origin, scope: 'openid product:read' });
    await system.operate('oauth-clients/set-disabled', { id: client.id, isDisabled: true });
    expectRefused(await refresh(system, client, tokens.refresh_token), 'invalid_client');
    expect(await isTaken(system, tokens.access_token)).toBe(401);
    await system.operate('oauth-clients/set-disabled', { id: client.id, isDisabled: false });
    expectRefused(await refresh(system, client, tokens.refresh_token), 'invalid_grant');
    expect(await isTaken(system, tokens.access_token)).toBe(401);
  });

  it('RFC9700-4.14-5: the provider ends tokens with the sign-in: a ban, and a sign-out', async () => {
    const asked = { resource: system.origin, scope: 'openid product:read' };
    const session = await system.gateway.signIn('user');
    const banned = await getTokens(system, session, own, asked);
    const { sub } = JSON.parse(Buffer.from(banned.access_token.split('.')[1] ?? '', 'base64url').toString()) as {
      readonly sub: string;
    };
    await system.operate('accounts/set-banned', { userId: sub, isBanned: true });
    expectRefused(await refresh(system, own, banned.refresh_token), 'invalid_grant');
    expect(await isTaken(system, banned.access_token)).toBe(401);
    await system.operate('accounts/set-banned', { userId: sub, isBanned: false });
    expectRefused(await refresh(system, own, banned.refresh_token), 'invalid_grant');

    const leaving = await system.gateway.signIn('admin');
    const left = await getTokens(system, leaving, own, asked);
    await sendRaw(system, '/auth/sign-out', { method: 'POST', headers: { cookie: leaving, origin: system.origin } });
    expectRefused(await refresh(system, own, left.refresh_token), 'invalid_grant');
    expect(await isTaken(system, left.access_token)).toBe(401);
  });
});

describe('clients prove themselves (RFC 9700, section 2.5)', () => {
  let keys: { readonly publicKey: CryptoKey; readonly privateKey: CryptoKey };
  let signing: RegisteredClient;
  beforeAll(async () => {
    keys = await generateKeyPair('ES256', { extractable: true });
    const key = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    signing = await system.register({
      trust: 'first-party',
      authentication: 'private_key_jwt',
      jwks: { keys: [key] },
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: ['product:read'],
    });
  });

  const now = (): number => Math.floor(Date.now() / 1000);
  async function assertionOf(
    changes: Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, unknown>> = {},
    key: CryptoKey | Uint8Array = keys.privateKey,
  ): Promise<string> {
    const claims = {
      iss: signing.id,
      sub: signing.id,
      aud: system.origin,
      jti: crypto.randomUUID(),
      iat: now(),
      exp: now() + 60,
      ...changes,
    };
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(key);
  }
  const present = (assertion: string, changes: Readonly<Record<string, string>> = {}): Promise<RawAnswer> =>
    postForm(system, '/oauth2/token', {
      grant_type: 'client_credentials',
      scope: 'product:read',
      client_id: signing.id,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      ...changes,
    });

  it('RFC9700-2.5-1: the provider takes an assertion once, also when it comes ten times at once', async () => {
    const assertion = await assertionOf();
    const answers = await Promise.all(Array.from({ length: 10 }, () => present(assertion)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) expectRefused(answer, 'invalid_client');
    expectRefused(await present(assertion), 'invalid_client');
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['that is out of date', { iat: now() - 600, exp: now() - 60 }],
    ['that never ends', { exp: undefined }],
    ['that ends in a year', { exp: now() + 31_536_000 }],
    ['that ends in more years than there are dates for', { exp: 1e15 }],
    ['for another audience', { aud: 'https://other.example' }],
    ['for no audience', { aud: undefined }],
    ['of another issuer', { iss: 'client_other' }],
    ['about another subject', { sub: 'client_other' }],
    ['without an id', { jti: undefined }],
    ['that is not good yet', { nbf: now() + 600 }],
  ])('RFC9700-2.5-2: the provider refuses an assertion %s', async (_name, changes) => {
    const { status, json } = await present(await assertionOf(changes));
    expect([400, 401]).toContain(status);
    expect(['invalid_client', 'invalid_request']).toContain(json['error']);
  });

  it('RFC9700-2.5-3: the provider refuses an assertion that the client did not sign with its key', async () => {
    const stranger = await generateKeyPair('ES256');
    const secret = Buffer.from(JSON.stringify(await exportJWK(keys.publicKey)));
    const none = [
      { alg: 'none', kid: 'one' },
      { iss: signing.id, sub: signing.id, aud: system.origin, jti: 'x', exp: now() + 60 },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    for (const assertion of [
      await assertionOf({}, {}, stranger.privateKey),
      await assertionOf({}, { alg: 'HS256' }, secret),
      await assertionOf({}, { jwk: await exportJWK(stranger.publicKey) }, stranger.privateKey),
      `${none}.`,
      'a.b.c',
      '',
    ])
      expect((await present(assertion)).status).toBeGreaterThanOrEqual(400);
    expectRefused(await present(await assertionOf(), { client_id: own.id }), 'invalid_request');
    expectRefused(await present(await assertionOf(), { client_assertion_type: 'urn:other' }), 'invalid_request');
  });

  it('RFC9700-2.5-4: the provider takes one proof of a client, and no other than the registered kind', async () => {
    const form = { grant_type: 'client_credentials', scope: 'product:read' };
    const post = (fields: object, headers = {}): Promise<RawAnswer> =>
      postForm(system, '/oauth2/token', { ...form, ...fields }, headers);
    expectRefused(await post({ client_secret: own.secret }, basic(own)), 'invalid_request');
    expectRefused(await post({ client_id: other.id }, basic(own)), 'invalid_request');
    expectRefused(await post({}, basic({ ...own, secret: other.secret })), 'invalid_client');
    expectRefused(await post({}, basic({ ...own, secret: '' })), 'invalid_request');
    expectRefused(await post({ client_id: own.id }), 'invalid_client');
    expectRefused(await post({ client_id: signing.id }), 'invalid_client');
    expectRefused(await post({}, basic({ id: signing.id, secret: 'none-that-is-known-here' })), 'invalid_client');
    const unknown = await post({}, basic({ id: 'client_00000000000000000000', secret: own.secret }));
    expect([unknown.status, unknown.headers.get('www-authenticate')?.split(' ')[0]]).toEqual([401, 'Basic']);
  });
});

describe('what tokens are good for (RFC 9700)', () => {
  it('RFC9700-2.3-1: the gateway refuses tokens for another resource, and those for none', async () => {
    const partner = await system.register({
      trust: 'first-party',
      resources: [system.origin, 'https://other.example/'],
    });
    const elsewhere = await getTokens(system, cookie, partner, {
      resource: 'https://other.example/',
      scope: 'openid product:read',
    });
    const bare = await getTokens(system, cookie, partner);
    expect([await isTaken(system, elsewhere.access_token), await isTaken(system, bare.access_token)]).toEqual([
      401, 401,
    ]);
    const { headers, status } = await sendRaw(system, '/oauth2/userinfo', {
      headers: { authorization: `Bearer ${elsewhere.access_token}` },
    });
    expect([status, headers.get('www-authenticate')?.split(' ')[0]]).toEqual([401, 'Bearer']);
  });

  it('RFC9700-2.3-2: the provider gives a client no scope that it is not registered for', async () => {
    const asked = { resource: system.origin, scope: 'openid product:read product:delete user:manage' };
    const tokens = await getTokens(system, await system.gateway.signIn('admin'), own, asked);
    expect(tokens.scope).toBe('product:read');
    const elsewhere = codeParameters(own, pkce, { resource: 'https://other.example/' });
    const { location } = await askForCode(system, cookie, elsewhere);
    expect(location?.searchParams.get('error')).toBe('invalid_target');
  });

  it('RFC9700-4.15-1: the provider gives a client for itself an identity that no user can have', async () => {
    const service = await system.register({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: ['product:read'],
    });
    const { json } = await postForm(
      system,
      '/oauth2/token',
      { grant_type: 'client_credentials', scope: 'product:read' },
      basic(service),
    );
    const claims = JSON.parse(
      Buffer.from(String(json['access_token']).split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    expect(claims).toMatchObject({ sub: service.id, client_id: service.id, sub_type: 'service' });
    expect(service.id).toMatch(/^client_/);
    expect(
      (
        await sendRaw(system, '/oauth2/userinfo', {
          headers: { authorization: `Bearer ${String(json['access_token'])}` },
        })
      ).status,
    ).toBe(401);
  });

  it('RFC9700-4.3-1: the gateway and the provider take no token from a query', async () => {
    const { access_token: token } = await getTokens(system, cookie, own, {
      resource: system.origin,
      scope: 'openid product:read',
    });
    const bare = await getTokens(system, cookie, own);
    expect((await sendRaw(system, `/api/x?access_token=${token}`)).status).toBe(401);
    expect((await sendRaw(system, `/oauth2/userinfo?access_token=${bare.access_token}`)).status).toBeGreaterThanOrEqual(
      400,
    );
    const introspected = await sendRaw(system, `/oauth2/introspect?token=${bare.access_token}`, {
      method: 'POST',
      headers: basic(own),
    });
    expect(introspected.status).toBe(400);
    const query = `/oauth2/token?grant_type=refresh_token&refresh_token=${bare.refresh_token}`;
    expect((await sendRaw(system, query, { method: 'POST', headers: basic(own) })).status).toBe(400);
  });

  it.each([
    ['password', { username: 'vendor@example.test', password: 'violet-kettle-marches-north-vendor' }],
    ['implicit', {}],
    ['urn:openid:params:grant-type:ciba', { auth_req_id: 'x' }],
    ['urn:ietf:params:oauth:grant-type:jwt-bearer', { assertion: 'x' }],
    ['AUTHORIZATION_CODE', { code: 'x' }],
    ['', {}],
  ])('RFC9700-2.4-1: the provider has no grant type %j', async (grant, fields) => {
    const answer = await postForm(system, '/oauth2/token', { grant_type: grant, ...fields }, basic(own));
    expectRefused(answer, grant === '' ? 'invalid_request' : 'unsupported_grant_type');
  });

  it('RFC9700-2.4-2: the provider gives a client no grant that it is not registered for', async () => {
    for (const grant of [
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ])
      expectRefused(await postForm(system, '/oauth2/token', { grant_type: grant }, basic(own)), 'invalid_request');
    const mute = await system.register({
      trust: 'first-party',
      grantTypes: ['authorization_code'],
      scopes: ['openid'],
    });
    const tokens = await getTokens(system, cookie, mute, { scope: 'openid offline_access' });
    expect(tokens.refresh_token).toBeUndefined();
  });

  it('RFC9700-4.10-1: the provider ends access tokens with the grant, wherever they are', async () => {
    const asked = { resource: system.origin, scope: 'openid product:read' };
    const tokens = await getTokens(system, cookie, own, asked);
    const bare = await getTokens(system, cookie, own);
    await postForm(system, '/oauth2/revoke', { token: tokens.refresh_token }, basic(own));
    expect(await isTaken(system, tokens.access_token)).toBe(401);
    expect((await introspect(system, own, bare.access_token)).json).toEqual({ active: false });
  });
});
