import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fetchProviderToken, ProviderTokenError } from '@sallyport/core';
import {
  createRotatingGrants,
  startProviderStandIn,
  type ProviderStandIn,
  type RotatingGrants,
} from '@sallyport/identity/test-support/harness';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from './config/parse-config.ts';
import { startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { testPolicy } from './test-support/test-preset.ts';

const redirectUri = 'com.example.app:/callback';
const ada = { sub: 'ada-1', email: 'ada@example.test', email_verified: true, name: 'Ada Byron' };

let standIn: ProviderStandIn;
let grants: RotatingGrants;
let service: Server;
let test: TestGateway;

beforeAll(async () => {
  standIn = await startProviderStandIn();
  grants = createRotatingGrants();
  standIn.lies.grants = grants;
  // A service that acts at the provider for its user, as services of adopters do.
  service = createServer((request, response) => {
    const internalUrl = `http://127.0.0.1:${test.gateway.internalPort}`;
    const { authorization } = request.headers;
    fetchProviderToken({ internalUrl, provider: 'acme', authorization }).then(
      ({ accessToken, scopes }) => response.end(JSON.stringify({ accessToken, scopes })),
      (error: unknown) =>
        response.end(JSON.stringify({ kind: error instanceof ProviderTokenError ? error.kind : 'bug' })),
    );
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
  test = await startTestGateway({
    config: configOf(`http://127.0.0.1:${(service.address() as AddressInfo).port}`),
    environment: { SALLYPORT_PROVIDER_SECRETS: `acme=${standIn.clientSecret}` },
  });
});
afterAll(async () => {
  await test.close();
  service.closeAllConnections();
  service.close();
  await standIn.close();
});
beforeEach(() => void grants.refreshed.splice(0));

function configOf(upstream: string) {
  const { issuer, clientId } = standIn;
  const open = { upstream, access: 'signed-in' as const, credentials: ['session' as const, 'bearer' as const] };
  const keepTokens = { scopes: ['files.read'], offline: true };
  const acme = {
    name: 'Acme',
    issuer,
    clientId,
    trustedEmailDomains: ['example.test'],
    redirectUris: [redirectUri],
    keepTokens,
  };
  return {
    firstPartyTokens: {},
    signInProviders: { oidc: { acme } },
    routes: [
      { ...open, name: 'files', prefix: '/api/files', audience: 'files', providerTokens: ['acme'] },
      { ...open, name: 'other', prefix: '/api/other', audience: 'other' },
      { upstream, name: 'shell', prefix: '/', audience: 'shell', access: 'optional' as const, zone: true },
    ],
  };
}

async function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(test.origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function broughtCode(): Promise<object> {
  const codeVerifier = randomBytes(32).toString('base64url');
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
  const begun = await post('/auth/provider-flows', { provider: 'acme', redirectUri, codeChallenge });
  expect(begun.status).toBe(200);
  const { location, flow } = (await begun.json()) as { readonly location: string; readonly flow: string };
  const back = standIn.authorize(location, ada).searchParams;
  return { flow, codeVerifier, code: back.get('code'), state: back.get('state'), iss: back.get('iss') };
}

async function signProgramIn(): Promise<Readonly<Record<string, string>>> {
  const answer = await post('/auth/token/provider', await broughtCode());
  expect(answer.status).toBe(200);
  const { access_token } = (await answer.json()) as { readonly access_token: string };
  return { authorization: `Bearer ${access_token}` };
}

const get = async (path: string, headers: Readonly<Record<string, string>>): Promise<unknown> =>
  (await test.get(path, headers)).json();

describe('a service behind the gateway', () => {
  it('gets the token of its user at the provider, for a program that brought the code', async () => {
    const said = await get('/api/files', await signProgramIn());
    expect(said).toEqual({
      accessToken: expect.stringMatching(/^access-/) as string,
      scopes: ['openid', 'files.read'],
    });
  });

  it('gets it for a browser that has a session cookie', async () => {
    const answer = await post('/auth/sign-in/provider/code', await broughtCode(), { origin: test.origin });
    const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    expect(await get('/api/files', { cookie })).toMatchObject({ scopes: ['openid', 'files.read'] });
  });

  it('is refused where its route lists no provider', async () => {
    expect(await get('/api/other', await signProgramIn())).toEqual({ kind: 'not-permitted' });
  });

  it('is told where its user has connected none', async () => {
    expect(await get('/api/files', { cookie: await test.signIn() })).toEqual({ kind: 'not-connected' });
  });

  it('is told that no user is signed in, and asks nothing', async () => {
    expect(await get('/', {})).toEqual({ kind: 'caller-unknown' });
  });
});

it('a page of another site brings no code: it would sign its visitors in to another account', async () => {
  const answer = await post('/auth/sign-in/provider/code', await broughtCode(), { origin: 'https://evil.test' });
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
});

it('the public listener hands nothing out', async () => {
  for (const headers of [await signProgramIn(), { cookie: await test.signIn() }, {}])
    expect((await test.get('/internal/provider-tokens/acme', headers)).status).toBe(404);
});

it('no log line holds a token of the provider', async () => {
  await get('/api/files', await signProgramIn());
  expect(JSON.stringify(test.lines)).not.toMatch(/access-\d|refresh-\d/);
});

it('a metric counts what was handed out', async () => {
  await get('/api/files', await signProgramIn());
  const text = await (await fetch(`${test.adminOrigin}/metrics`)).text();
  expect(text).toMatch(/sallyport_provider_tokens_total\{provider="acme",outcome="handed-out"\} \d/);
});

describe('a configuration', () => {
  const parse = (change: (config: ReturnType<typeof configOf>) => object): unknown => {
    const config = configOf('http://127.0.0.1:9');
    return parseConfig(
      { publicUrl: 'http://localhost:3000', policy: testPolicy, ...config, ...change(config) },
      'test',
    );
  };

  it.each([
    {
      name: 'whose route lists a provider that keeps nothing',
      change: ({ routes: [files] }: ReturnType<typeof configOf>) => ({
        routes: [{ ...files, providerTokens: ['acmy', 'acme'] }],
      }),
      message: /routes\.0\.providerTokens.*acmy.*did you mean acme/,
    },
    {
      name: 'that keeps tokens for no service',
      change: ({ routes: [, other] }: ReturnType<typeof configOf>) => ({ routes: [other] }),
      message: /signInProviders\.oidc\.acme\.keepTokens.*no service/,
    },
    {
      name: 'with an address that is none',
      change: ({ signInProviders: { oidc } }: ReturnType<typeof configOf>) => ({
        signInProviders: { oidc: { acme: { ...oidc.acme, redirectUris: ['http://app.example.test/back'] } } },
      }),
      message: /redirectUris\.0/,
    },
    {
      name: 'that asks GitHub for a refresh token',
      change: ({ routes: [files] }: ReturnType<typeof configOf>) => ({
        routes: [{ ...files, providerTokens: ['github'] }],
        signInProviders: { github: { clientId: 'x', keepTokens: { offline: true } } },
      }),
      message: /github\.keepTokens\.offline/,
    },
  ])('$name is refused', ({ change, message }) => {
    expect(() => parse(change)).toThrow(message);
  });

  it.each(['com.example.app:/open', 'http://127.0.0.1:7777/open', 'https://app.example.test/open'])(
    'may list %s as an address of a client',
    (address) => {
      const change = ({ signInProviders: { oidc } }: ReturnType<typeof configOf>) => ({
        signInProviders: { oidc: { acme: { ...oidc.acme, redirectUris: [address] } } },
      });
      expect(() => parse(change)).not.toThrow();
    },
  );

  it.each([
    'javascript:alert(1)',
    'app:/open',
    'https://app.example.test/#x',
    'https://user@app.example.test/',
    '/open',
    'data:text/html,x',
  ])('may not list %s', (address) => {
    const change = ({ signInProviders: { oidc } }: ReturnType<typeof configOf>) => ({
      signInProviders: { oidc: { acme: { ...oidc.acme, redirectUris: [address] } } },
    });
    expect(() => parse(change)).toThrow(/redirectUris\.0/);
  });
});
