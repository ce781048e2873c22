import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SallyportError } from '@sallyport/core';
import { routeOptionsOf } from '../routing/route-options.ts';
import { request, type RawAnswer } from '../test-support/raw-client.ts';
import { cookie, route, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import type { HandOutProviderToken } from './provider-tokens-mount.ts';

const place = '/internal/provider-tokens';
const granted = { provider: 'google', access_token: 'ya29', token_type: 'Bearer' } as const;

let handedOut: Parameters<HandOutProviderToken>[0][] = [];
let refusal: SallyportError | undefined;
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    providerTokens: async (handOut) => {
      handedOut.push(handOut);
      if (refusal !== undefined) throw refusal;
      return granted;
    },
    moreRoutes: [
      { name: 'files', prefix: '/files', audience: 'files', callers: ['shell', 'files'], providerTokens: ['google'] },
      { name: 'files-admin', prefix: '/files/admin', audience: 'files', providerTokens: ['acme'] },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  handedOut = [];
  refusal = undefined;
  gateway.upstream.reset();
});

const call = (target: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<RawAnswer> =>
  request(gateway.internalPort, method, target, { Host: `127.0.0.1:${gateway.internalPort}`, ...headers });

/** The internal token that a service got for its user. */
async function tokenOf(prefix: string, session = gateway.sessions.add()): Promise<Readonly<Record<string, string>>> {
  await gateway.send('GET', `${prefix}/x`, cookie(session));
  return { Authorization: String(gateway.upstream.seen.at(-1)?.headers['authorization']) };
}

function claimsOf({ Authorization = '' }: Readonly<Record<string, string>>): object {
  return JSON.parse(Buffer.from(Authorization.split('.')[1] ?? '', 'base64url').toString()) as object;
}

describe('a service whose route lists an identity provider', () => {
  it('gets the token of its user, which nothing keeps', async () => {
    const answer = await call(`${place}/google`, await tokenOf('/files'));
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, granted]);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(handedOut).toEqual([{ userId: 'alice', provider: 'google', audience: 'files' }]);
  });

  it('gets those of all its routes', async () => {
    expect((await call(`${place}/acme`, await tokenOf('/files'))).status).toBe(200);
  });

  it.each([
    { name: 'a provider that it does not list', target: `${place}/github`, status: 403, code: 'SP_FORBIDDEN' },
    { name: 'no provider', target: place, status: 404, code: 'SP_NOT_FOUND' },
    { name: 'a path below one', target: `${place}/google/x`, status: 404, code: 'SP_NOT_FOUND' },
    { name: 'a query', target: `${place}/google?user=bob`, status: 404, code: 'SP_NOT_FOUND' },
  ])('gets nothing for $name', async ({ target, status, code }) => {
    const answer = await call(target, await tokenOf('/files'));
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(code);
    expect(handedOut).toEqual([]);
  });

  it('gets nothing by another method', async () => {
    expect((await call(`${place}/google`, await tokenOf('/files'), 'POST')).status).toBe(405);
    expect(handedOut).toEqual([]);
  });

  it('gets nothing without the token of a user, or with one that is made up', async () => {
    expect((await call(`${place}/google`)).status).toBe(401);
    expect((await call(`${place}/google`, cookie(gateway.sessions.add()))).status).toBe(401);
    expect((await call(`${place}/google`, { Authorization: 'Bearer x.y.z' })).status).toBe(401);
    expect(handedOut).toEqual([]);
  });

  it('gets nothing for a session that has just ended, whatever is remembered of it', async () => {
    const session = gateway.sessions.add();
    const token = await tokenOf('/files', session);
    expect((await call(`${place}/google`, token)).status).toBe(200);
    gateway.sessions.remove(session);
    expect((await call(`${place}/google`, token)).status).toBe(401);
    expect(handedOut).toHaveLength(1);
  });

  it('gets the token of a user for which another service asked it', async () => {
    await call('/files/x', await tokenOf(''));
    const authorization = String(gateway.upstream.seen.at(-1)?.headers['authorization']);
    expect(claimsOf({ Authorization: authorization })).toMatchObject({ aud: 'files', act: { sub: 'shell' } });
    expect((await call(`${place}/google`, { Authorization: authorization })).status).toBe(200);
  });

  it('gets nothing for a person who acts for the user', async () => {
    const claims = claimsOf(await tokenOf('/files'));
    const token = gateway.keyRing.sign('internal', 'at+jwt', { ...claims, act: { sub: 'operator-7' } });
    const answer = await call(`${place}/google`, { Authorization: `Bearer ${token}` });
    expect(answer.status).toBe(403);
    expect(handedOut).toEqual([]);
  });

  it.each([
    { code: 'SP_PROVIDER_NOT_CONNECTED', status: 404 },
    { code: 'SP_PROVIDER_SIGN_IN_REQUIRED', status: 409 },
    { code: 'SP_ACCOUNT_DISABLED', status: 403 },
    { code: 'SP_PROVIDER_UNAVAILABLE', status: 503 },
    { code: 'SP_STORE_UNAVAILABLE', status: 503 },
  ] as const)('is told $code with $status', async ({ code, status }) => {
    refusal = new SallyportError(code, { reason: 'test' });
    const answer = await call(`${place}/google`, await tokenOf('/files'));
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([status, { code }]);
  });
});

it('a service that asks for one user without end is told to wait', async () => {
  const session = gateway.sessions.add();
  const token = await tokenOf('/files', session);
  for (let round = 0; round < 600; round += 1) await call(`${place}/google`, token);
  const answer = await call(`${place}/google`, token);
  expect(answer.status).toBe(429);
  expect(answer.headers['retry-after']).toBeDefined();
  expect(handedOut).toHaveLength(600);
  expect((await call(`${place}/google`, await tokenOf('/files'))).status).toBe(200);
  expect((await call('/files/x', token)).status).toBe(200);
});

describe('a service whose route lists none', () => {
  it.each(['/api', ''])('gets no token: %s', async (prefix) => {
    const answer = await call(`${place}/google`, await tokenOf(prefix));
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([403, { code: 'SP_FORBIDDEN' }]);
    expect(handedOut).toEqual([]);
  });
});

describe('the public listener', () => {
  it.each([
    { name: 'a session', headers: async () => cookie(gateway.sessions.add()) },
    { name: 'the token of a service', headers: () => tokenOf('/files') },
    { name: 'nothing', headers: async () => ({}) },
  ])('has no such address for $name, also behind a route for everything', async ({ headers }) => {
    const sent = await headers();
    const before = gateway.upstream.seen.length;
    const answer = await gateway.send('GET', `${place}/google`, sent);
    expect(answer.status).toBe(404);
    expect(answer.body).toContain('SP_NOT_FOUND');
    expect(gateway.upstream.seen).toHaveLength(before);
    expect(handedOut).toEqual([]);
  });
});

it('a gateway whose routes list no provider has no such address', async () => {
  const other = await startTestGateway({ providerTokens: async () => granted });
  try {
    const answer = await request(other.internalPort, 'GET', `${place}/google`, {
      Host: `127.0.0.1:${other.internalPort}`,
    });
    expect(answer.status).toBe(404);
  } finally {
    await other.close();
  }
});

it('a table of routes shows which tokens a route opens', () => {
  const listed = route({ name: 'files', prefix: '/files', providerTokens: ['google', 'acme'] });
  expect(routeOptionsOf(listed)).toContainEqual({
    name: 'providerTokens',
    value: 'gets the tokens of its users at google acme',
  });
});

describe('an explanation', () => {
  const explain = (target: string, from: string) =>
    gateway.gateway.explain({
      listener: 'internal',
      method: 'GET',
      target,
      headers: [],
      sid: gateway.sessions.sidOf(gateway.sessions.add()),
      from,
    });

  it('says which tokens a route opens to its service', async () => {
    const said = JSON.stringify(await explain('/files/x', 'shell'));
    expect(said).toContain('{"name":"providerTokens","value":"gets the tokens of its users at google"}');
  });

  it('says who may ask for tokens, and who may not', async () => {
    expect(await explain(`${place}/google`, 'files')).toMatchObject({ decision: 'mount' });
    expect(await explain(`${place}/google`, 'api')).toMatchObject({ decision: 'refuse', reason: 'caller-not-listed' });
    expect(handedOut).toEqual([]);
  });
});
