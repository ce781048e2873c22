import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { introspectionPath, tokenRevocationPath } from '@sallyport/core';
import { startIntrospectionGateway, type IntrospectionGateway } from './test-support/introspection-gateway.ts';

type Caller = keyof IntrospectionGateway['keys'];
type Json = Readonly<Record<string, unknown>>;

const inactive = { active: false };
const formOf = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();
const jsonOf = async (answer: Response): Promise<Json> => (await answer.json()) as Json;

describe.each(['opaque', 'jwt'] as const)('introspection of access tokens (%s)', (form) => {
  let test: IntrospectionGateway;
  beforeAll(async () => {
    test = await startIntrospectionGateway(form);
  });
  afterAll(() => test.close());

  const withKey = (caller: Caller) => ({ 'x-api-key': test.keys[caller].secret });
  const ask = (token: string, caller: Caller = 'billing', more: Readonly<Record<string, string>> = {}) =>
    test.post(introspectionPath, formOf({ token, ...more }), withKey(caller));
  const revoke = (token: string, caller: Caller = 'billing', more: Readonly<Record<string, string>> = {}) =>
    test.post(tokenRevocationPath, formOf({ token, ...more }), withKey(caller));

  it('says of a good one what the internal token for that service would say, and is kept by no cache', async () => {
    const { access_token } = await test.signProgramIn();
    const answer = await ask(access_token);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    });
    const said = await jsonOf(answer);
    expect(said).toMatchObject({
      active: true,
      token_type: 'Bearer',
      iss: test.origin,
      aud: 'billing',
      client_id: 'sallyport-first-party',
      sub_type: 'user',
      cred: form === 'jwt' ? 'bearer' : 'opaque',
      roles: ['vendor'],
      scope: 'product:read product:create product:update',
      acr: 'pwd',
      email: 'vendor@example.test',
    });
    const left = Number(said['exp']) - Date.now() / 1000;
    expect(left).toBeGreaterThan(500);
    expect(left).toBeLessThanOrEqual(601);
    expect(JSON.stringify(said)).not.toContain(access_token);
  });

  it('tells each service what it is to know and no more, also of one token', async () => {
    const { access_token } = await test.signProgramIn();
    expect(await jsonOf(await ask(access_token, 'billing'))).toMatchObject({ aud: 'billing' });
    const said = await jsonOf(await ask(access_token, 'reports'));
    expect(said).toMatchObject({ active: true, aud: 'reports', scope: '' });
    for (const name of ['email', 'name']) expect(said).not.toHaveProperty(name);
  });

  it.each(['x-api-key', 'apikey', 'bearer', 'basic'])('takes the key of a service by %s', async (way) => {
    const { id, secret } = test.keys.billing;
    const basic = Buffer.from(`${id}:${secret}`).toString('base64');
    const headers = {
      'x-api-key': { 'x-api-key': secret },
      apikey: { authorization: `ApiKey ${secret}` },
      bearer: { authorization: `Bearer ${secret}` },
      basic: { authorization: `Basic ${basic}` },
    }[way];
    const { access_token } = await test.signProgramIn();
    const answer = await test.post(introspectionPath, formOf({ token: access_token }), headers ?? {});
    expect([answer.status, await jsonOf(answer)]).toEqual([200, expect.objectContaining({ active: true })]);
  });

  it.each(['access_token', 'refresh_token', 'nonsense', ''])('takes the hint %j for a hint', async (hint) => {
    const { access_token } = await test.signProgramIn();
    expect(await jsonOf(await ask(access_token, 'billing', { token_type_hint: hint }))).toMatchObject({ active: true });
  });

  it('answers the same about whatever is worth nothing, byte by byte', async () => {
    const [ended, other] = [await test.signProgramIn('user'), await test.signProgramIn('user')];
    expect((await revoke(ended.refresh_token)).status).toBe(200);
    const { access_token, refresh_token } = other;
    const texts: string[] = [];
    for (const token of [
      ended.access_token,
      ended.refresh_token,
      refresh_token,
      test.keys.billing.secret,
      test.keys.reader.secret,
      'x',
      'sp_at_',
      `sp_at_${'a'.repeat(89)}`,
      'a.b.c',
      `${access_token}x`,
      access_token.slice(0, -1),
      ` ${access_token}`,
      `Bearer ${access_token}`,
      '\u0000',
      "' OR '1'='1",
      'x'.repeat(8192),
    ]) {
      const answer = await ask(token);
      expect(answer.status).toBe(200);
      texts.push(await answer.text());
    }
    expect(new Set(texts)).toEqual(new Set([JSON.stringify(inactive)]));
  });

  it('does not take the token that a service was sent, nor that of a session', async () => {
    const cookie = await test.signIn('vendor');
    const echoed = await test.get('/api/shop/x', { cookie });
    const { headers } = (await echoed.json()) as { readonly headers: { readonly authorization?: string } };
    const internal = headers.authorization?.slice('Bearer '.length) ?? expect.fail('there is a token');
    expect(await jsonOf(await ask(internal))).toEqual(inactive);
    expect(await jsonOf(await ask(cookie.split('=')[1] ?? ''))).toEqual(inactive);
  });

  it.each([
    { name: 'no key', headers: () => ({}), challenge: /^Bearer realm="sallyport"$/ },
    { name: 'an unknown key', headers: () => ({ 'x-api-key': `sp_key_${'0'.repeat(38)}` }), challenge: /^Bearer/ },
    { name: 'a key that is none', headers: () => ({ 'x-api-key': 'x' }), challenge: /^Bearer/ },
    {
      name: 'a refresh token',
      headers: () => ({ authorization: `Bearer sp_rt_${'a'.repeat(109)}` }),
      challenge: /^Bearer/,
    },
    { name: 'another scheme', headers: () => ({ authorization: 'DPoP x' }), challenge: /^Bearer/ },
    {
      name: 'Basic with the handle of another key',
      headers: () => basic(test.keys.reports.id, test.keys.billing.secret),
      challenge: /^Basic realm="sallyport"/,
    },
    { name: 'Basic without a handle', headers: () => basic('', test.keys.billing.secret), challenge: /^Basic/ },
    { name: 'Basic without a colon', headers: () => ({ authorization: 'Basic eA==' }), challenge: /^Basic/ },
    { name: 'Basic with a password', headers: () => basic('admin@example.test', 'violet'), challenge: /^Basic/ },
  ])('refuses $name as invalid_client, with a challenge', async ({ headers, challenge }) => {
    const { access_token } = await test.signProgramIn();
    for (const path of [introspectionPath, tokenRevocationPath]) {
      const answer = await test.post(path, formOf({ token: access_token }), headers());
      const text = await answer.text();
      expect([answer.status, JSON.parse(text)]).toEqual([401, expect.objectContaining({ error: 'invalid_client' })]);
      expect(answer.headers.get('www-authenticate')).toMatch(challenge);
      expect(text).not.toContain('sp_');
    }
    expect(await jsonOf(await ask(access_token))).toMatchObject({ active: true });
  });

  it('is not for a session, and a token does not ask about itself', async () => {
    const { access_token } = await test.signProgramIn('admin');
    const cookie = await test.signIn('admin');
    for (const headers of [{ cookie, origin: test.origin }, { authorization: `Bearer ${access_token}` }])
      expect((await test.post(introspectionPath, formOf({ token: access_token }), headers)).status).toBe(401);
  });

  it('is not for the key of a user, of another permission, or of two services', async () => {
    const { access_token } = await test.signProgramIn();
    const cookie = await test.signIn('admin');
    const made = await fetch(`${test.origin}/auth/api-keys`, {
      method: 'POST',
      headers: { cookie, origin: test.origin, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Mine', scopes: ['billing:introspect'] }),
    });
    const { secret } = (await made.json()) as { readonly secret: string };
    const own = await test.post(introspectionPath, formOf({ token: access_token }), { 'x-api-key': secret });
    for (const answer of [own, await ask(access_token, 'reader'), await ask(access_token, 'both')])
      expect([answer.status, await jsonOf(answer)]).toEqual([
        403,
        expect.objectContaining({ error: 'insufficient_scope', code: 'SP_FORBIDDEN' }),
      ]);
    for (const caller of ['reports', 'reader', 'both'] as const)
      expect((await revoke(access_token, caller)).status).toBe(403);
    expect(await jsonOf(await ask(access_token))).toMatchObject({ active: true });
  });

  it.each([
    ['no token', '', 400],
    ['an empty token', 'token=', 400],
    ['another parameter alone', 'access_token=x', 400],
    ['a token twice', 'token=a&token=b', 400],
    ['the same token twice', 'token=a&token=a', 400],
    ['a hint twice', 'token=a&token_type_hint=access_token&token_type_hint=access_token', 400],
    ['an unknown parameter twice', 'token=a&x=1&x=2', 400],
    ['a token and one that is written otherwise', 'token=a&%74oken=b', 400],
    ['a malformed escape', 'token=%zz', 400],
    ['a secret in the body', 'token=a&client_id=x&client_secret=y', 400],
    ['an oversized token', `token=${'a'.repeat(8193)}`, 400],
    ['an oversized body', `token=${'a'.repeat(40_000)}`, 413],
  ])('refuses %s', async (_name, body, status) => {
    for (const path of [introspectionPath, tokenRevocationPath]) {
      const answer = await test.post(path, body, withKey('billing'));
      expect(answer.status).toBe(status);
      if (status === 400) expect(await jsonOf(answer)).toMatchObject({ error: 'invalid_request' });
    }
  });

  it('refuses other methods, media types, a query, and paths below', async () => {
    const headers = withKey('billing');
    for (const path of [introspectionPath, tokenRevocationPath]) {
      for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
        const answer = await fetch(`${test.origin}${path}`, { method, headers });
        expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
      }
      const json = { ...headers, 'content-type': 'application/json' };
      expect((await test.post(path, '{"token":"x"}', json)).status).toBe(415);
      expect((await test.post(`${path}?token=x`, 'token=x', headers)).status).toBe(400);
      expect((await test.post(`${path}/x`, 'token=x', headers)).status).toBe(404);
    }
  });

  it('ends the sign-in of either token, and is answered the same for a text that is none', async () => {
    for (const which of ['access_token', 'refresh_token'] as const) {
      const tokens = await test.signProgramIn();
      const bystander = await test.signProgramIn();
      expect(await jsonOf(await ask(tokens.access_token))).toMatchObject({ active: true });
      const answer = await revoke(tokens[which], 'billing', { token_type_hint: 'refresh_token' });
      expect([answer.status, await answer.text(), answer.headers.get('cache-control')]).toEqual([
        200,
        '{}',
        'no-store',
      ]);
      expect(await jsonOf(await ask(tokens.access_token))).toEqual(inactive);
      const refreshed = await fetch(`${test.origin}/auth/token/refresh`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refresh_token: tokens.refresh_token }),
      });
      expect(refreshed.status).toBe(400);
      expect(await jsonOf(await ask(bystander.access_token))).toMatchObject({ active: true });
      for (const again of [tokens[which], 'x', `sp_rt_${'a'.repeat(109)}`, `sp_at_${'a'.repeat(89)}`, 'a.b.c']) {
        const repeated = await revoke(again);
        expect([repeated.status, await repeated.text()]).toEqual([200, '{}']);
      }
    }
  });

  it('revokes no API key, and says so', async () => {
    const answer = await revoke(test.keys.reader.secret);
    expect([answer.status, await jsonOf(answer)]).toEqual([
      400,
      expect.objectContaining({ error: 'unsupported_token_type' }),
    ]);
  });

  it('is refused to a service as soon as its key is revoked', async () => {
    const account = (await test.operate('service-accounts/create', { name: 'gone', roles: ['service-caller'] })) as {
      readonly id: string;
    };
    const made = (await test.operate('api-keys/create', {
      owner: { kind: 'service', id: account.id },
      name: 'Main',
      scopes: ['billing:introspect'],
    })) as { readonly key: { readonly keyId: string }; readonly secret: string };
    const headers = { 'x-api-key': made.secret };
    expect((await test.post(introspectionPath, 'token=x', headers)).status).toBe(200);
    await test.operate('api-keys/revoke', { keyId: made.key.keyId });
    expect((await test.post(introspectionPath, 'token=x', headers)).status).toBe(401);
  });

  it('leaves no token and no key in the log, which names the service', async () => {
    const { access_token } = await test.signProgramIn();
    await ask(access_token);
    await ask(`${access_token}x`);
    const log = JSON.stringify(test.lines);
    for (const secret of [access_token, 'sp_at_', 'sp_key_', test.keys.billing.secret])
      expect(log).not.toContain(secret);
    expect(log).toContain('"introspection"');
  });
});

describe('introspection of API keys', () => {
  let test: IntrospectionGateway;
  beforeAll(async () => {
    const billing = { permissions: ['product:*'], apiKeys: true };
    test = await startIntrospectionGateway('opaque', { introspection: { services: { billing, reports: {} } } });
  });
  afterAll(() => test.close());

  const ask = async (token: string, caller: Caller = 'billing'): Promise<unknown> =>
    jsonOf(await test.post(introspectionPath, formOf({ token }), { 'x-api-key': test.keys[caller].secret }));

  it('says whose key it is to a service that may ask, and to no other', async () => {
    const { id, secret } = test.keys.reader;
    const answer = await ask(secret);
    expect(answer).toMatchObject({
      active: true,
      aud: 'billing',
      sub_type: 'service',
      cred: 'api-key',
      client_id: id,
      scope: 'product:read',
      exp: expect.any(Number) as number,
    });
    expect(JSON.stringify(answer)).not.toContain(secret);
    expect(await ask(secret, 'reports')).toEqual(inactive);
  });

  it('goes on answering about access tokens', async () => {
    const { access_token, refresh_token } = await test.signProgramIn();
    expect(await ask(access_token)).toMatchObject({ active: true, cred: 'opaque' });
    expect(await ask(refresh_token)).toEqual(inactive);
  });

  it('says the same of a key that was revoked as of any other text', async () => {
    const account = (await test.operate('service-accounts/create', { name: 'short', roles: ['service-caller'] })) as {
      readonly id: string;
    };
    const made = (await test.operate('api-keys/create', {
      owner: { kind: 'service', id: account.id },
      name: 'Main',
      scopes: ['product:read'],
    })) as { readonly key: { readonly keyId: string }; readonly secret: string };
    expect(await ask(made.secret)).toMatchObject({ active: true });
    await test.operate('api-keys/revoke', { keyId: made.key.keyId });
    expect(await ask(made.secret)).toEqual(inactive);
    expect(await ask(`sp_key_${'A'.repeat(38)}`)).toEqual(inactive);
  });
});

describe('limits of introspection', () => {
  it('count each key by itself', async () => {
    const services = { billing: {}, reports: {} };
    const requests = [{ per: 'key' as const, max: 5, seconds: 3600 }];
    const test = await startIntrospectionGateway('opaque', { introspection: { services, requests } });
    const statusOf = async (caller: Caller): Promise<number> =>
      (await test.post(introspectionPath, 'token=x', { 'x-api-key': test.keys[caller].secret })).status;
    const statuses: number[] = [];
    for (let turn = 0; turn < 7; turn++) statuses.push(await statusOf('billing'));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(await statusOf('reports')).toBe(200);
    await test.close();
  });
});

function basic(user: string, password: string): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

describe('scripts of other origins at the endpoints about tokens', () => {
  const listed = 'https://console.example';
  const unlisted = 'https://evil.example';
  const paths = [introspectionPath, tokenRevocationPath];
  let test: IntrospectionGateway;
  beforeAll(async () => {
    test = await startIntrospectionGateway('opaque', { cors: { tokenOrigins: [listed] } });
  });
  afterAll(() => test.close());

  const sharing = (answer: Response): readonly string[] =>
    [...answer.headers].filter(([name]) => name.startsWith('access-control-')).map(([name]) => name);
  const preflight = (path: string, origin: string, method = 'POST') =>
    fetch(test.origin + path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'x-api-key' },
    });

  it.each(paths)('may be of a listed origin, without cookies: %s', async (path) => {
    const asked = await preflight(path, listed);
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, listed]);
    const answer = await test.post(path, formOf({ token: 'none' }), {
      origin: listed,
      'x-api-key': test.keys.billing.secret,
    });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, listed]);
    expect(sharing(answer)).not.toContain('access-control-allow-credentials');
    expect(answer.headers.get('vary')).toContain('Origin');
  });

  it.each(paths)('can read why they are refused: %s', async (path) => {
    const answer = await test.post(path, formOf({ token: 'none' }), { origin: listed });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([401, listed]);
  });

  it.each(paths)('read nothing from any other origin: %s', async (path) => {
    for (const origin of [unlisted, 'null', `${listed}.evil.example`, 'http://console.example']) {
      const asked = await preflight(path, origin);
      expect([asked.status, sharing(asked)]).toEqual([403, []]);
      const headers = { origin, 'x-api-key': test.keys.billing.secret };
      expect(sharing(await test.post(path, formOf({ token: 'none' }), headers))).toEqual([]);
    }
  });
});
