import { send } from '@sallyport/server/test-support';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startProviderSystem, type ProviderSystem, type RegisteredClient } from './provider-system.ts';
import { askForCode, basic, codeParameters, getTokens, newPkce, postForm, sendRaw } from './raw-flow.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let system: ProviderSystem;
let cookie: string;
let own: RegisteredClient;
const pkce = newPkce();
const endpoints = ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke'] as const;

beforeAll(async () => {
  system = await startProviderSystem();
  cookie = await system.gateway.signIn('vendor');
  own = await system.register({ trust: 'first-party' });
});
afterAll(() => system.close());

const post = (path: string, body: BodyInit, headers: Readonly<Record<string, string>> = {}) =>
  sendRaw(system, path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic(own), ...headers },
    body,
  });

describe('requests that are not as they should be (RFC 6749)', () => {
  it.each(['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'code_challenge', 'nonce', 'prompt'])(
    'RFC6749-3.1-1: the provider refuses a request for a code with %s twice',
    async (name) => {
      const parameters = codeParameters(own, pkce, { nonce: 'n', prompt: 'none' });
      parameters.append(name, 'https://evil.example/');
      const answer = await askForCode(system, cookie, parameters);
      expect(`${answer.location?.href}`).not.toMatch(/evil|[?&]code=/);
      expect(answer.location?.searchParams.get('error') ?? String(answer.status)).toMatch(/^(?:invalid_request|400)$/);
    },
  );

  it.each(['grant_type', 'refresh_token', 'scope', 'client_id', 'client_secret'])(
    'RFC6749-3.2-1: the provider refuses a request for tokens with %s twice',
    async (name) => {
      const { refresh_token: token } = await getTokens(system, cookie, own);
      const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token });
      form.append(name, 'one');
      form.append(name, 'two');
      const answer = await postForm(system, '/oauth2/token', form, basic(own));
      expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_request']);
    },
  );

  it.each(endpoints)('RFC6749-3.2-2: %s takes POST alone', async (path) => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
      const answer = await sendRaw(system, path, { method, headers: { ...basic(own), cookie } });
      expect([400, 404, 405]).toContain(answer.status);
      expect(answer.json['access_token'] ?? answer.json['active']).toBeUndefined();
    }
  });

  it.each(endpoints)(
    'RFC6749-3.2-3: %s answers odd bodies with what is wrong, never with a failure of ours',
    async (path) => {
      const odd: readonly (readonly [BodyInit, Readonly<Record<string, string>>])[] = [
        ['', {}],
        ['=', {}],
        ['&&&&', {}],
        ['%', {}],
        ['%zz=%', {}],
        ['grant_type=%00', {}],
        ['grant_type[]=refresh_token&token[a][b]=c', {}],
        ['__proto__=x&constructor=y&grant_type=refresh_token', {}],
        ['grant_type=refresh_token&refresh_token=%ff%fe', {}],
        [`token=${'a'.repeat(30_000)}`, {}],
        [Array.from({ length: 3000 }, (_, index) => `p${index}=1`).join('&'), {}],
        ['{"grant_type":"refresh_token"}', { 'content-type': 'application/json' }],
        ['<a/>', { 'content-type': 'application/xml' }],
        ['grant_type=refresh_token', { 'content-type': 'text/plain' }],
        ['grant_type=refresh_token', { 'content-type': 'application/x-www-form-urlencoded; charset=utf-7' }],
        ['grant_type=refresh_token', { 'content-type': 'multipart/form-data; boundary=x' }],
        ['grant_type=refresh_token', { 'content-encoding': 'gzip' }],
        [new Uint8Array([0, 255, 254, 0]), {}],
      ];
      for (const [body, headers] of odd) {
        const answer = await post(path, body, headers);
        expect([200, 400, 401, 413, 415]).toContain(answer.status);
        if (answer.status === 200 && path !== '/oauth2/revoke') expect(answer.json).toEqual({ active: false });
      }
      const huge = await post(path, `token=${'a'.repeat(200_000)}`).catch(() => undefined);
      if (huge !== undefined) expect([400, 413]).toContain(huge.status);
    },
  );

  it('RFC6749-2.3.1-1: the provider answers odd proofs with what is wrong, never with a failure of ours', async () => {
    for (const authorization of [
      'Basic',
      'Basic ',
      'Basic !!!',
      'Basic Og==',
      `Basic ${Buffer.from('no-colon').toString('base64')}`,
      `Basic ${Buffer.from('%zz:%zz').toString('base64')}`,
      `Basic ${Buffer.from(`${own.id}:`).toString('base64')}`,
      `Basic ${Buffer.from(`${own.id}:${'a'.repeat(4000)}`).toString('base64')}`,
      `Basic ${Buffer.from([255, 254, 58, 0]).toString('base64')}`,
      'Bearer x',
      'Digest username="x"',
      'ApiKey x',
    ])
      for (const path of endpoints) {
        const answer = await post(path, 'grant_type=client_credentials&token=x', { authorization });
        expect([400, 401]).toContain(answer.status);
      }
  });

  it('RFC6749-5.1-1: the provider lets no cache keep tokens, or a refusal', async () => {
    const { refresh_token: token } = await getTokens(system, cookie, own);
    for (const form of [{ grant_type: 'refresh_token', refresh_token: token }, { grant_type: 'refresh_token' }]) {
      const { headers } = await postForm(system, '/oauth2/token', form, basic(own));
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      expect(headers.getSetCookie()).toEqual([]);
    }
    const bare = await getTokens(system, cookie, own);
    const { headers } = await sendRaw(system, '/oauth2/userinfo', {
      headers: { authorization: `Bearer ${bare.access_token}` },
    });
    expect(headers.get('cache-control')).toContain('no-store');
  });

  it('RFC6749-5.2-1: the provider repeats nothing of a request in a refusal', async () => {
    const marker = 'marker-that-must-not-come-back';
    for (const form of [
      { grant_type: marker },
      { grant_type: 'refresh_token', refresh_token: marker },
      {
        grant_type: 'authorization_code',
        code: marker,
        code_verifier: marker.repeat(2),
        redirect_uri: `https://${marker}/`,
      },
    ]) {
      const answer = await postForm(system, '/oauth2/token', form, basic(own));
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain(marker);
    }
    const logged = JSON.stringify(system.gateway.lines);
    expect(logged).not.toContain(marker);
    expect(logged).not.toContain(own.secret);
  });

  it('RFC6749-10.12-1: the token endpoint looks at no session of a browser', async () => {
    const answer = await sendRaw(system, '/oauth2/token', {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'openid' }),
    });
    expect([400, 401]).toContain(answer.status);
  });

  it('RFC9700-4.13-1: the provider says its own address, whatever a request says of it', async () => {
    const port = new URL(system.origin).port;
    for (const headers of [
      { host: `localhost:${port}`, 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      { host: `localhost:${port}`, forwarded: 'host=evil.example;proto=https', 'x-forwarded-port': '1' },
      { host: 'evil.example' },
    ]) {
      const answer = await send(`http://127.0.0.1:${port}/.well-known/openid-configuration`, 'GET', headers);
      expect(answer.body).not.toContain('evil.example');
      expect(answer.status).toBe(headers.host === 'evil.example' ? 421 : 200);
      if (answer.status === 200)
        expect((JSON.parse(answer.body) as { readonly issuer: string }).issuer).toBe(system.origin);
    }
  });

  it('ASVS-3.4.2-1: the provider lets scripts of no other site read what it answers, unless a site is listed', async () => {
    for (const path of [...endpoints, '/oauth2/userinfo', '/oauth2/auth']) {
      const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
      const answer = await sendRaw(system, path, { method: path === '/oauth2/auth' ? 'GET' : 'POST', headers });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      const preflight = await sendRaw(system, path, {
        method: 'OPTIONS',
        headers: { ...headers, 'access-control-request-method': 'POST' },
      });
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('OIDC-CORE-6-1: the provider takes no request object, and calls no address that one is said to be at', async () => {
    for (const extra of [
      { request: 'eyJhbGciOiJub25lIn0.e30.' },
      { request_uri: `${system.receiverOrigin}/request` },
      { registration: '{}' },
      { claims: '{"id_token":{"email":{"essential":true}}}' },
    ]) {
      const answer = await askForCode(system, cookie, codeParameters(own, pkce, extra));
      if ('request' in extra || 'request_uri' in extra) expect(`${answer.location?.href}`).not.toMatch(/[?&]code=/);
    }
    expect(system.received).toEqual([]);
  });

  it('RFC7591-3-1: the provider registers no client by request', async () => {
    for (const path of ['/oauth2/reg', '/oauth2/register', '/reg', '/oauth2/request', '/oauth2/device/auth']) {
      const headers = { 'content-type': 'application/json' };
      const answer = await sendRaw(system, path, {
        method: 'POST',
        body: '{"redirect_uris":["https://x.example/"]}',
        headers,
      });
      // Where the provider has no endpoint, a path is that of the route behind.
      expect([404, 'served']).toContain(answer.status === 404 ? 404 : answer.text);
    }
    const { json } = await sendRaw(system, '/.well-known/openid-configuration');
    expect(json['registration_endpoint']).toBeUndefined();
  });
});
