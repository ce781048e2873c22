import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startProviderSystem, type ProviderSystem, type RegisteredClient } from './provider-system.ts';
import { basic, getTokens, introspect, isTaken, postForm, refresh, sendRaw, type RawAnswer } from './raw-flow.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let system: ProviderSystem;
let cookie: string;
let own: RegisteredClient;
let other: RegisteredClient;
let forGateway: Readonly<Record<string, string>>;

beforeAll(async () => {
  system = await startProviderSystem();
  cookie = await system.gateway.signIn('vendor');
  own = await system.register({ trust: 'first-party' });
  other = await system.register({ trust: 'first-party' });
  forGateway = { resource: system.origin, scope: 'openid product:read' };
});
afterAll(() => system.close());

describe('questions about tokens (RFC 7662)', () => {
  it('RFC7662-2.1-1: the provider tells nothing to a caller that is no client', async () => {
    const { access_token: token } = await getTokens(system, cookie, own);
    const ask = (form: Record<string, string>, headers = {}): Promise<RawAnswer> =>
      postForm(system, '/oauth2/introspect', { token, ...form }, headers);
    for (const answer of [
      await ask({}),
      await ask({}, basic({ ...own, secret: 'sp_cs_wrong' })),
      await ask({}, { authorization: `Bearer ${token}` }),
      await ask({}, { cookie }),
      await ask({ client_id: own.id }),
      await ask({ client_id: own.id, client_secret: 'x' }),
    ]) {
      expect([400, 401]).toContain(answer.status);
      expect(answer.json['active']).toBeUndefined();
    }
  });

  it('RFC7662-2.1-2: the provider tells nothing to a public client, which any program can claim to be', async () => {
    const spa = await system.register({ trust: 'first-party', authentication: 'none' });
    const { access_token: token } = await getTokens(system, cookie, spa);
    const answer = await postForm(system, '/oauth2/introspect', { token, client_id: spa.id });
    expect(answer.json['active'] === true).toBe(false);
  });

  it('RFC7662-4-1: the provider tells a client nothing about tokens of another', async () => {
    const { access_token: access, refresh_token: refreshToken } = await getTokens(system, cookie, own);
    for (const token of [access, refreshToken]) {
      expect((await introspect(system, own, token)).json).toMatchObject({ active: true, client_id: own.id });
      expect((await introspect(system, other, token)).json).toEqual({ active: false });
    }
  });

  it.each([
    '',
    'x',
    'sp_at_',
    `sp_rt_${'a'.repeat(49)}`,
    'a.b.c',
    'a'.repeat(8000),
    'ä',
    "' OR 1=1 --",
    '{"$ne":null}',
    '\u0000',
  ])('RFC7662-2.2-1: the provider says of the text %j that it is no token, and no more', async (token) => {
    const answer = await introspect(system, own, token);
    if (token === '') expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_request']);
    else expect([answer.status, answer.json]).toEqual([200, { active: false }]);
  });

  it('RFC7662-2.1-3: the provider takes a wrong hint for what it is', async () => {
    const { access_token: token } = await getTokens(system, cookie, own);
    for (const hint of ['refresh_token', 'access_token', 'nonsense', ''])
      expect(
        (await postForm(system, '/oauth2/introspect', { token, token_type_hint: hint }, basic(own))).json['active'],
      ).toBe(true);
  });

  it('RFC7662-2.1-4: the provider takes no question by GET, in a query, as JSON, or about two tokens', async () => {
    const { access_token: token } = await getTokens(system, cookie, own);
    const got = await sendRaw(system, `/oauth2/introspect?token=${token}`, { headers: basic(own) });
    expect(got.json['active']).toBeUndefined();
    expect([400, 404, 405]).toContain(got.status);
    const json = await sendRaw(system, '/oauth2/introspect', {
      method: 'POST',
      headers: { ...basic(own), 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    expect([json.status, json.json['error']]).toEqual([415, 'invalid_request']);
    const twice = await postForm(
      system,
      '/oauth2/introspect',
      new URLSearchParams([
        ['token', token],
        ['token', token],
      ]),
      basic(own),
    );
    expect(twice.status).toBe(400);
  });

  it('RFC7662-4-2: the provider lets no cache keep an answer', async () => {
    const { access_token: token } = await getTokens(system, cookie, own);
    const { headers } = await introspect(system, own, token);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('RFC7662-2.2-2: the provider says that tokens ended: after a sign-out, and of a disabled client', async () => {
    const session = await system.gateway.signIn('user');
    const tokens = await getTokens(system, session, own);
    await sendRaw(system, '/auth/sign-out', { method: 'POST', headers: { cookie: session, origin: system.origin } });
    for (const token of [tokens.access_token, tokens.refresh_token])
      expect((await introspect(system, own, token)).json).toEqual({ active: false });
    const client = await system.register({ trust: 'first-party' });
    const left = await getTokens(system, cookie, client);
    await system.operate('oauth-clients/set-disabled', { id: client.id, isDisabled: true });
    expect((await introspect(system, client, left.access_token)).status).toBe(401);
    await system.operate('oauth-clients/set-disabled', { id: client.id, isDisabled: false });
    for (const token of [left.access_token, left.refresh_token])
      expect((await introspect(system, client, token)).json).toEqual({ active: false });
  });

  it('RFC7662-2.2-3: the provider says that a refresh token ended which was exchanged', async () => {
    const { refresh_token: token } = await getTokens(system, cookie, own);
    await refresh(system, own, token);
    expect((await introspect(system, own, token)).json).toEqual({ active: false });
  });

  it('RFC7662-2.2-4: the provider tells for which user a token speaks, and nothing that it was not asked for', async () => {
    const { access_token: token } = await getTokens(system, cookie, own, { scope: 'openid email' });
    const { json } = await introspect(system, own, token);
    const told = 'active client_id exp iat iss scope sub token_type sid acr amr auth_time';
    expect(Object.keys(json).toSorted()).toEqual(told.split(' ').toSorted());
  });

  it('RFC7662-2.2-5: the provider says of a JWT of the client what it says of an opaque token, and nothing of others', async () => {
    const { access_token: token } = await getTokens(system, cookie, own, forGateway);
    const answer = await introspect(system, own, token);
    expect([answer.status, answer.json]).toEqual([
      200,
      expect.objectContaining({
        active: true,
        client_id: own.id,
        iss: system.origin,
        aud: system.origin,
        scope: 'product:read',
        token_type: 'Bearer',
        acr: 'pwd',
      }),
    ]);
    for (const name of ['sid', 'grant', 'jti']) expect(answer.json).not.toHaveProperty(name);
    expect((await introspect(system, other, token)).json).toEqual({ active: false });
    const [head = '', payload = '', signature = ''] = token.split('.');
    for (const text of [
      `${head}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${head}.e30.${signature}`,
      `${head}.${payload}.`,
    ])
      expect((await introspect(system, own, text)).json).toEqual({ active: false });
    const spa = await system.register({ trust: 'first-party', authentication: 'none' });
    const { access_token: ofSpa } = await getTokens(system, cookie, spa, forGateway);
    const asked = await postForm(system, '/oauth2/introspect', { token: ofSpa, client_id: spa.id });
    expect(asked.json).toEqual({ active: false });
  });

  it('RFC7662-2.2-6: the provider says that a JWT ended: after a sign-out, with its grant, and for another resource', async () => {
    const session = await system.gateway.signIn('user');
    const { access_token: token } = await getTokens(system, session, own, forGateway);
    expect((await introspect(system, own, token)).json['active']).toBe(true);
    await sendRaw(system, '/auth/sign-out', { method: 'POST', headers: { cookie: session, origin: system.origin } });
    expect((await introspect(system, own, token)).json).toEqual({ active: false });
    const given = await getTokens(system, cookie, own, forGateway);
    await postForm(system, '/oauth2/revoke', { token: given.refresh_token }, basic(own));
    expect((await introspect(system, own, given.access_token)).json).toEqual({ active: false });
    // Nothing here knows whether such a token ended: it is never said to be good.
    const elsewhere = 'https://other.example/api';
    const client = await system.register({ trust: 'first-party', resources: [system.origin, elsewhere] });
    const foreign = await getTokens(system, cookie, client, { ...forGateway, resource: elsewhere });
    expect((await introspect(system, client, foreign.access_token)).json).toEqual({ active: false });
  });

  it.each(['/oauth2/introspect', '/oauth2/revoke'])(
    'RFC7662-2.3-1: %s answers a client that is known by its header what is wrong with the body, and no other',
    async (path) => {
      const send = (headers: Readonly<Record<string, string>>, body = '{"token":"x"}'): Promise<RawAnswer> =>
        sendRaw(system, path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
      const refused = ({ status, json }: RawAnswer): unknown => [status, json['error']];
      expect(refused(await send(basic(own)))).toEqual([415, 'invalid_request']);
      expect(refused(await send({ ...basic(own), accept: 'text/html' }))).toEqual([415, 'invalid_request']);
      expect(refused(await postForm(system, path, {}, basic(own)))).toEqual([400, 'invalid_request']);
      const keyed = await system.register({ authentication: 'none' });
      for (const headers of [
        {},
        basic({ ...own, secret: 'sp_cs_wrong' }),
        basic({ ...own, secret: other.secret }),
        basic({ ...own, id: 'client_00000000000000000000' }),
        basic(keyed),
        { authorization: `Basic ${Buffer.from('%zz:%zz').toString('base64')}` },
        { authorization: 'Basic !!!' },
        { cookie },
      ]) {
        const answer = await send(headers);
        expect(refused(answer)).toEqual([401, 'invalid_client']);
        expect(answer.headers.get('www-authenticate')).toContain('Basic');
      }
      const twoProofs = await postForm(system, path, { token: 'x', client_secret: own.secret }, basic(own));
      expect(refused(twoProofs)).toEqual([400, 'invalid_request']);
      const otherClient = await postForm(system, path, { token: 'x', client_id: other.id }, basic(own));
      expect(refused(otherClient)).toEqual([400, 'invalid_request']);
      const client = await system.register();
      await system.operate('oauth-clients/set-disabled', { id: client.id, isDisabled: true });
      expect((await send(basic(client))).status).toBe(401);
    },
  );
});

describe('ends of tokens (RFC 7009)', () => {
  it('RFC7009-2.1-1: the provider ends no token for another client, and for no caller that is none', async () => {
    const tokens = await getTokens(system, cookie, own, { resource: system.origin, scope: 'openid product:read' });
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      await postForm(system, '/oauth2/revoke', { token }, basic(other));
      await postForm(system, '/oauth2/revoke', { token });
      await postForm(system, '/oauth2/revoke', { token, client_id: own.id });
    }
    expect(await isTaken(system, tokens.access_token)).toBe(200);
    expect((await refresh(system, own, tokens.refresh_token)).status).toBe(200);
  });

  it('RFC7009-2.1-2: the provider ends the access tokens of a refresh token that is revoked', async () => {
    const tokens = await getTokens(system, cookie, own, { resource: system.origin, scope: 'openid product:read' });
    expect((await postForm(system, '/oauth2/revoke', { token: tokens.refresh_token }, basic(own))).status).toBe(200);
    expect(await isTaken(system, tokens.access_token)).toBe(401);
  });

  it('RFC7009-2.1-3: the provider ends the grant of a JWT that its client revokes, and of no other', async () => {
    const tokens = await getTokens(system, cookie, own, forGateway);
    const refused = await postForm(system, '/oauth2/revoke', { token: tokens.access_token }, basic(other));
    expect([refused.status, refused.json['error']]).toEqual([400, 'invalid_request']);
    expect(await isTaken(system, tokens.access_token)).toBe(200);
    expect((await postForm(system, '/oauth2/revoke', { token: tokens.access_token }, basic(own))).status).toBe(200);
    expect(await isTaken(system, tokens.access_token)).toBe(401);
    expect((await refresh(system, own, tokens.refresh_token)).status).toBe(400);
  });

  it('RFC7009-2.2.1-1: the provider never says that a JWT ended which lasts until it expires', async () => {
    const service = await system.register({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scopes: ['product:read'],
    });
    const form = { grant_type: 'client_credentials', scope: 'product:read' };
    const { json } = await postForm(system, '/oauth2/token', form, basic(service));
    const token = String(json['access_token']);
    const answer = await postForm(system, '/oauth2/revoke', { token }, basic(service));
    expect([answer.status, answer.json['error']]).toEqual([400, 'unsupported_token_type']);
    expect(await isTaken(system, token)).toBe(200);
    expect((await introspect(system, service, token)).json).toMatchObject({ active: true, sub: service.id });
  });

  it('RFC7009-2.2-1: the provider answers 200 for what is no token, and does nothing', async () => {
    for (const token of ['x', 'a.b.c', 'sp_rt_x', 'a'.repeat(8000)])
      expect((await postForm(system, '/oauth2/revoke', { token }, basic(own))).status).toBe(200);
  });
});
