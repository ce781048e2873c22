import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionsAnswer } from '@sallyport/core';
import { parseConfig } from './config/parse-config.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testAccounts, testPolicy } from './test-support/test-preset.ts';

const listed = 'https://spa.example';
const other = 'https://evil.example';
const [account = { email: '', password: '' }] = testAccounts;
const { email, password } = account;

let test: TestGateway;
let cookie: string;
beforeAll(async () => {
  test = await startTestGateway({
    config: { firstPartyTokens: {}, cors: { tokenOrigins: [listed], documentOrigins: ['*'] } },
  });
  cookie = await test.signIn();
});
afterAll(() => test.close());

const post = (path: string, origin: string, body: object, more: Readonly<Record<string, string>> = {}) =>
  fetch(test.origin + path, {
    method: 'POST',
    headers: { origin, 'sec-fetch-site': 'cross-site', 'content-type': 'application/json', ...more },
    body: JSON.stringify(body),
  });
const preflight = (path: string, origin: string) =>
  fetch(test.origin + path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
const sharedHeadersOf = ({ headers }: Response) =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'));

describe('a script of a listed site', () => {
  it('signs in, refreshes and revokes by tokens, and no answer sets a cookie', async () => {
    const signedIn = await post('/auth/token', listed, { email, password });
    const { refresh_token: first } = (await signedIn.json()) as { readonly refresh_token: string };
    const refreshed = await post('/auth/token/refresh', listed, { refresh_token: first });
    const { refresh_token: second } = (await refreshed.json()) as { readonly refresh_token: string };
    const revoked = await post('/auth/token/revoke', listed, { refresh_token: second });
    for (const answer of [signedIn, refreshed, revoked]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('access-control-allow-origin')).toBe(listed);
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('vary')).toContain('Origin');
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  });

  it.each([
    { name: 'a wrong password', path: '/auth/token', body: { email, password: 'wrong' }, status: 400 },
    { name: 'no password', path: '/auth/token', body: { email }, status: 400 },
    { name: 'an unknown token', path: '/auth/token/refresh', body: { refresh_token: 'x' }, status: 400 },
    { name: 'a path that is not there', path: '/auth/token/none', body: {}, status: 404 },
  ])('reads why it was refused: $name', async ({ path, body, status }) => {
    const answer = await post(path, listed, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe(listed);
    expect(answer.headers.get('vary')).toContain('Origin');
    expect(await answer.json()).toHaveProperty('error');
  });

  it('is answered before the browser sends, below /auth/token alone', async () => {
    for (const path of ['/auth/token', '/auth/token/refresh', '/auth/token/second-factor'])
      expect((await preflight(path, listed)).status).toBe(204);
    for (const path of ['/auth/session', '/auth/sign-in/email', '/auth/sign-out', '/auth/api-keys', '/api/shop/x'])
      expect(sharedHeadersOf(await preflight(path, listed))).toEqual([]);
  });

  it('lists and ends the devices of its user with a token', async () => {
    const tokensOf = async (device: string) =>
      (await (await post('/auth/token', listed, { email, password, device })).json()) as {
        readonly access_token: string;
      };
    const { access_token: token } = await tokensOf('Page');
    const { access_token: lost } = await tokensOf('Lost');
    const preflights = ['GET', 'DELETE'].map((method) =>
      fetch(`${test.origin}/auth/sessions`, {
        method: 'OPTIONS',
        headers: { origin: listed, 'access-control-request-method': method },
      }),
    );
    for (const answer of await Promise.all(preflights)) {
      expect(answer.status).toBe(204);
      expect(answer.headers.get('access-control-allow-methods')).toBe('GET, POST, DELETE');
    }
    const headers = { origin: listed, 'sec-fetch-site': 'cross-site', authorization: `Bearer ${token}` };
    const answer = await test.get('/auth/sessions', headers);
    expect(answer.headers.get('access-control-allow-origin')).toBe(listed);
    const { sessions } = (await answer.json()) as SessionsAnswer;
    expect(sessions.find(({ current }) => current)).toMatchObject({ program: 'Page' });
    const { sid } = sessions.find(({ program }) => program === 'Lost') ?? expect.fail('it is listed');
    const ended = await fetch(`${test.origin}/auth/sessions/${sid}`, { method: 'DELETE', headers });
    expect([ended.status, ended.headers.getSetCookie()]).toEqual([204, []]);
    const refused = await test.get('/auth/sessions', { ...headers, authorization: `Bearer ${lost}` });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe(listed);
  });

  it('counts for nothing by the session of its visitor', async () => {
    const tokens = await post('/auth/token', listed, {}, { cookie });
    expect(tokens.status).toBe(400);
    for (const path of ['/auth/sign-out', '/auth/sessions/revoke-all'])
      expect((await post(path, listed, {}, { cookie })).status).toBe(403);
    const devices = { cookie, origin: listed, 'sec-fetch-site': 'cross-site' };
    expect((await test.get('/auth/sessions', devices)).status).toBe(401);
    const ending = await fetch(`${test.origin}/auth/sessions/x`, { method: 'DELETE', headers: devices });
    expect(ending.status).toBe(403);
    const session = await test.get('/auth/session', { cookie });
    expect(session.status).toBe(200);
    const read = await test.get('/auth/session', { cookie, origin: listed, 'sec-fetch-site': 'cross-site' });
    expect(sharedHeadersOf(read)).toEqual([]);
    expect(await read.json()).toMatchObject({ status: 'signed-out' });
  });

  it('needs JSON, for which browsers ask before they send', async () => {
    const answer = await post('/auth/token', listed, { email, password }, { 'content-type': 'text/plain' });
    expect(answer.status).toBe(415);
    expect(answer.headers.get('access-control-allow-origin')).toBe(listed);
  });
});

describe('a script of another site', () => {
  it.each(['/auth/token', '/auth/token/refresh', '/auth/token/revoke'])('reads nothing of %s', async (path) => {
    expect((await preflight(path, other)).status).toBe(403);
    for (const origin of [other, 'null', 'http://spa.example', `${listed}.evil.example`]) {
      expect(sharedHeadersOf(await preflight(path, origin))).toEqual([]);
      const answer = await post(path, origin, { refresh_token: 'x' });
      expect(sharedHeadersOf(answer)).toEqual([]);
      expect(answer.headers.get('vary')).toContain('Origin');
    }
  });

  it('reads public keys, which hold nothing of any user', async () => {
    const answer = await test.get('/internal/.well-known/jwks.json', { origin: other });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('a configuration', () => {
  const route = { name: 'api', prefix: '/api', upstream: 'http://127.0.0.1:9', audience: 'api', access: 'signed-in' };
  const input = { publicUrl: 'http://localhost:3000', policy: testPolicy, routes: [route] };
  const parse = (change: object) => () => parseConfig({ ...input, ...change }, 'test');

  it.each([
    {
      name: 'lets sites get tokens that there are not',
      cors: { tokenOrigins: [listed] },
      message: 'cors.tokenOrigins',
    },
    { name: 'lets every site get tokens', cors: { tokenOrigins: ['*'] }, tokens: true, message: 'cors.tokenOrigins.0' },
    { name: 'names a path', cors: { documentOrigins: [`${listed}/x`] }, tokens: true, message: 'documentOrigins.0' },
    { name: 'names no scheme', cors: { tokenOrigins: ['spa.example'] }, tokens: true, message: 'tokenOrigins.0' },
    {
      name: 'names a site in clear',
      cors: { tokenOrigins: ['http://spa.example'] },
      tokens: true,
      message: 'tokenOrigins.0',
    },
    { name: 'names null', cors: { tokenOrigins: ['null'] }, tokens: true, message: 'tokenOrigins.0' },
    { name: 'allows credentials', cors: { credentials: true }, tokens: true, message: 'cors.credentials' },
  ])('is refused when it $name', ({ cors, tokens, message }) => {
    expect(parse({ cors, ...(tokens === true ? { firstPartyTokens: {} } : {}) })).toThrow(message);
  });
});
