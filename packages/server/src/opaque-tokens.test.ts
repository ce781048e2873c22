import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteKeySource, createTokenVerifier } from '@sallyport/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from './config/parse-config.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testAccounts, testPolicy } from './test-support/test-preset.ts';

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

let upstream: Server;
let test: TestGateway;
let seen: IncomingHttpHeaders[] = [];
let streams: ServerResponse[] = [];

beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen.push(request.headers);
    if (!request.url?.startsWith('/api/events')) return response.end('served');
    streams.push(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  const to = { upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` };
  const open = { ...to, access: 'signed-in' as const, credentials: ['session' as const, 'opaque' as const] };
  test = await startTestGateway({
    config: {
      firstPartyTokens: { accessMinutes: 5, accessTokens: 'opaque' },
      routes: [
        { ...open, name: 'api', prefix: '/api', audience: 'api', permissions: ['product:*'], streaming: true },
        { ...open, name: 'fresh', prefix: '/fresh', audience: 'fresh', fresh: true },
        { ...open, name: 'admins', prefix: '/admins', audience: 'admins', access: { roles: ['admin'] } },
        { ...to, name: 'closed', prefix: '/closed', audience: 'closed', access: 'signed-in' },
        { ...to, name: 'shell', prefix: '/', audience: 'shell', access: 'optional' },
      ],
    },
  });
});
afterAll(async () => {
  await test.close();
  upstream.closeAllConnections();
  upstream.close();
});
beforeEach(() => {
  seen = [];
  streams = [];
});

const post = (path: string, body: object): Promise<Response> =>
  fetch(test.origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const signIn = async (role = 'vendor'): Promise<Tokens> => {
  const { email, password } = testAccounts.find((account) => account.role === role) ?? expect.fail('there is one');
  const answer = await post('/auth/token', { email, password, device: 'Test' });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Tokens;
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const codeOf = async (answer: Response): Promise<unknown> => ((await answer.json()) as { readonly code: unknown }).code;

describe('an opaque access token at a gateway', () => {
  it('opens the routes that take it, and the service is given the token of the gateway instead', async () => {
    const { access_token } = await signIn();
    expect(access_token).toMatch(/^sp_at_/);
    for (let turn = 0; turn < 3; turn++) expect((await test.get('/api/x', bearer(access_token))).status).toBe(200);
    expect(JSON.stringify(seen)).not.toContain(access_token);
    expect(new Set(seen.map(({ authorization }) => authorization)).size).toBe(1);
    const keys = createRemoteKeySource({
      url: `http://127.0.0.1:${test.gateway.internalPort}/internal/.well-known/jwks.json`,
    });
    const verifier = createTokenVerifier({ issuer: `${test.origin}/internal`, audience: 'api', keys });
    expect(await verifier.verify(seen[0]?.authorization?.slice('Bearer '.length) ?? '')).toMatchObject({
      kind: 'user',
      credential: 'opaque',
      clientId: 'sallyport-first-party',
      permissions: ['product:read', 'product:create', 'product:update'],
    });
  });

  it.each(['/closed/x', '/page', '/auth/session', '/auth/api-keys', '/auth/second-factor'])(
    'does not open %s',
    async (path) => {
      const { access_token } = await signIn();
      expect((await test.get(path, bearer(access_token))).status).toBe(401);
      expect(seen).toEqual([]);
    },
  );

  it('gains no role by it', async () => {
    const { access_token } = await signIn();
    expect((await test.get('/admins/x', bearer(access_token))).status).toBe(403);
  });

  it('is refused beside a cookie, in a query, by another scheme and under another prefix', async () => {
    const { access_token, refresh_token } = await signIn();
    const cookie = await test.signIn();
    const both = await test.get('/api/x', { ...bearer(access_token), cookie });
    expect([both.status, await codeOf(both)]).toEqual([400, 'SP_CREDENTIALS_CONFLICT']);
    expect((await test.get(`/api/x?access_token=${access_token}`)).status).toBe(401);
    for (const authorization of [
      `DPoP ${access_token}`,
      `ApiKey ${access_token}`,
      access_token,
      `Bearer ${refresh_token}`,
      `Bearer ${access_token.replace('sp_at_', 'sp_rt_')}`,
      `Bearer ${access_token} `.trimEnd() + '=',
    ])
      expect((await test.get('/api/x', { authorization })).status).toBe(401);
    expect(seen).toEqual([]);
  });

  it('is refused with its scheme named when any part of it was changed', async () => {
    const { access_token } = await signIn();
    for (const at of [6, 20, 30, 36, 50, 58, 70, 89, 94]) {
      const other = access_token[at] === 'A' ? 'B' : 'A';
      const answer = await test.get('/api/x', bearer(access_token.slice(0, at) + other + access_token.slice(at + 1)));
      expect([answer.status, await codeOf(answer)]).toEqual([401, 'SP_TOKEN_INVALID']);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="sallyport", error="invalid_token"');
    }
    expect(seen).toEqual([]);
  });

  it('ends with its sign-in, on fresh routes and others, and so do its streams', async () => {
    const { access_token, refresh_token } = await signIn();
    expect((await test.get('/fresh/x', bearer(access_token))).status).toBe(200);
    const stream = await test.get('/api/events', bearer(access_token));
    const gone = once(streams[0] ?? expect.fail('the stream is open'), 'close');
    expect((await post('/auth/token/revoke', { refresh_token })).status).toBe(200);
    expect(await stream.text()).toContain('event: session-ended');
    await gone;
    for (const path of ['/api/x', '/fresh/x']) expect((await test.get(path, bearer(access_token))).status).toBe(401);
  });

  it('leaves nothing secret in the log', async () => {
    const { access_token } = await signIn();
    await test.get('/api/x', bearer(access_token));
    await test.get('/api/x', bearer(`${access_token}x`));
    for (const secret of [access_token, 'sp_at_']) expect(JSON.stringify(test.lines)).not.toContain(secret);
  });
});

describe('a configuration with opaque access tokens', () => {
  const route = { name: 'api', prefix: '/api', upstream: 'http://127.0.0.1:9', audience: 'api', access: 'signed-in' };
  const input = { publicUrl: 'http://localhost:3000', policy: testPolicy };
  const parse = (kinds: readonly string[], change: object) => () =>
    parseConfig({ ...input, routes: [{ ...route, credentials: kinds }], ...change }, 'test');
  const opaque = { firstPartyTokens: { accessTokens: 'opaque' } };

  it('opens routes for them, also where a shared secret signs for services', () => {
    expect(parse(['opaque'], opaque)).not.toThrow();
    expect(parse(['opaque'], { ...opaque, tokens: { signWithSharedSecretInsteadOfKeyPairs: true } })).not.toThrow();
  });

  it.each([
    { name: 'for JWTs, of which there are none', kinds: ['bearer'], change: opaque, message: '"bearer"' },
    { name: 'where tokens are JWTs', kinds: ['opaque'], change: { firstPartyTokens: {} }, message: '"opaque"' },
    { name: 'where there are no tokens', kinds: ['opaque'], change: {}, message: '"opaque"' },
    {
      name: 'with a form that there is not',
      kinds: ['session'],
      change: { firstPartyTokens: { accessTokens: 'reference' } },
      message: 'accessTokens',
    },
  ])('opens no route $name', ({ kinds, change, message }) => {
    expect(parse(kinds, change)).toThrow(message);
  });
});
