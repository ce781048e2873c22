import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTokenVerifier, createRemoteKeySource } from '@sallyport/core';
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
  const open = { ...to, access: 'signed-in' as const, credentials: ['session' as const, 'bearer' as const] };
  test = await startTestGateway({
    config: {
      firstPartyTokens: { accessMinutes: 5 },
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

const post = (path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(test.origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
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

describe('an access token at a gateway', () => {
  it('opens the routes that take it, and the service is given the token of the gateway instead', async () => {
    const { access_token } = await signIn();
    expect((await test.get('/api/x', bearer(access_token))).status).toBe(200);
    const given = seen[0]?.authorization?.slice('Bearer '.length) ?? '';
    expect(JSON.stringify(seen)).not.toContain(access_token);
    const keys = createRemoteKeySource({
      url: `http://127.0.0.1:${test.gateway.internalPort}/internal/.well-known/jwks.json`,
    });
    const verifier = createTokenVerifier({ issuer: `${test.origin}/internal`, audience: 'api', keys });
    expect(await verifier.verify(given)).toMatchObject({
      kind: 'user',
      credential: 'bearer',
      clientId: 'sallyport-first-party',
      permissions: ['product:read', 'product:create', 'product:update'],
    });
    const foreign = createTokenVerifier({ issuer: test.origin, audience: test.origin, keys });
    await expect(foreign.verify(access_token)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
  });

  it('gives the one token that is made for it to request after request', async () => {
    const { access_token } = await signIn();
    for (let turn = 0; turn < 3; turn++) await test.get('/api/x', bearer(access_token));
    expect(new Set(seen.map(({ authorization }) => authorization)).size).toBe(1);
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

  it('is refused beside a cookie, in a query, and by another scheme', async () => {
    const { access_token } = await signIn();
    const cookie = await test.signIn();
    const both = await test.get('/api/x', { ...bearer(access_token), cookie });
    expect([both.status, await codeOf(both)]).toEqual([400, 'SP_CREDENTIALS_CONFLICT']);
    expect((await test.get(`/api/x?access_token=${access_token}`)).status).toBe(401);
    expect((await test.get('/api/x', { authorization: `DPoP ${access_token}` })).status).toBe(401);
    expect(seen).toEqual([]);
  });

  it('is not the token of a service, which is refused with its scheme named', async () => {
    const { access_token, refresh_token } = await signIn();
    await test.get('/api/x', bearer(access_token));
    const [given] = seen.splice(0);
    for (const token of [given?.authorization?.slice('Bearer '.length) ?? '', refresh_token]) {
      const answer = await test.get('/api/x', bearer(token));
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

  it('is signed out with every device, and the next sign-in is another one', async () => {
    const { access_token, refresh_token } = await signIn('user');
    const cookie = await test.signIn('user');
    const headers = { cookie, origin: test.origin };
    const listed = (await (await test.get('/auth/sessions', { cookie })).json()) as { readonly sessions: object[] };
    expect(listed.sessions).toContainEqual(expect.objectContaining({ program: 'Test' }));
    expect((await post('/auth/sessions/revoke-all', {}, headers)).status).toBe(200);
    expect((await test.get('/api/x', bearer(access_token))).status).toBe(401);
    const refreshed = await post('/auth/token/refresh', { refresh_token });
    expect(refreshed.status).toBe(400);
    expect(refreshed.headers.get('content-type')).toBe('application/json');
    expect(await refreshed.json()).toMatchObject({ error: 'invalid_grant', code: 'SP_REFRESH_TOKEN_INVALID' });
    expect((await test.get('/api/x', bearer((await signIn('user')).access_token))).status).toBe(200);
  });

  it('leaves nothing secret in the log', async () => {
    const { access_token, refresh_token } = await signIn();
    await test.get('/api/x', bearer(access_token));
    await post('/auth/token/refresh', { refresh_token });
    const log = JSON.stringify(test.lines);
    for (const secret of [access_token, refresh_token, 'sp_rt_']) expect(log).not.toContain(secret);
  });
});

describe('a configuration', () => {
  const route = { name: 'api', prefix: '/api', upstream: 'http://127.0.0.1:9', audience: 'api', access: 'signed-in' };
  const input = { publicUrl: 'http://localhost:3000', policy: testPolicy, routes: [route] };
  const parse = (change: object) => () => parseConfig({ ...input, ...change }, 'test');
  const routes = [{ ...route, credentials: ['bearer'] }];

  it('opens routes for access tokens where there are some', () => {
    expect(parse({ firstPartyTokens: {}, routes })).not.toThrow();
  });

  it.each([
    { name: 'opens routes for tokens that there are not', change: { routes }, message: 'which no feature recognizes' },
    {
      name: 'signs with a secret that services know',
      change: { firstPartyTokens: {}, tokens: { signWithSharedSecretInsteadOfKeyPairs: true } },
      message: 'firstPartyTokens',
    },
    {
      name: 'lets a token be unused for longer than its sign-in lasts',
      change: { firstPartyTokens: { refreshDays: 30, maxDays: 7 } },
      message: 'firstPartyTokens.refreshDays',
    },
    {
      name: 'has access tokens for an hour',
      change: { firstPartyTokens: { accessMinutes: 60 } },
      message: 'accessMinutes',
    },
    { name: 'has a grace of no time', change: { firstPartyTokens: { graceSeconds: 0 } }, message: 'graceSeconds' },
    { name: 'has a key too many', change: { firstPartyTokens: { rotate: false } }, message: 'rotate' },
    { name: 'says true', change: { firstPartyTokens: true }, message: 'firstPartyTokens' },
  ])('is refused when it $name', ({ change, message }) => {
    expect(parse(change)).toThrow(message);
  });
});
