import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { NextRequest, NextResponse } from 'next/server.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSealing } from './sealing.ts';
import { createSessionCodec } from './session-codec.ts';
import { sqliteDatabase } from './shell-database.ts';
import { serializeParts, shellCookiesFor } from './shell-cookies.ts';
import type { ShellOptions } from './shell-options.ts';
import {
  createHandle,
  hashOfHandle,
  serializeTokens,
  toSessionToken,
  type ShellSession,
  type ShellTokens,
} from './shell-session.ts';
import { createAuthJsShell } from './shell.ts';

const request = vi.hoisted(() => ({ cookies: '', asked: [] as string[] }));
vi.mock('next/server.js', async (load) => ({
  ...(await load<object>()),
  connection: async () => void request.asked.push('connection'),
}));
vi.mock('next/headers.js', () => ({
  cookies: async () => ({
    getAll: () =>
      request.asked.push('cookies') &&
      request.cookies
        .split('; ')
        .filter((pair) => pair !== '')
        .map((pair) => ({ name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1) })),
  }),
}));

const shellUrl = 'http://localhost:3100';
const secret = 'Zm9yLXRlc3RzLW9ubHktbm90LWEtcmVhbC1vbmUtMTIzNDU2Nzg5';
const cookies = shellCookiesFor(shellUrl);
const sealing = createSealing([secret]);
let provider: Server;
let issuer: string;
let refreshes: number;
let status: number;

beforeAll(async () => {
  provider = createServer((incoming, response) => {
    response.setHeader('content-type', 'application/json');
    if (incoming.url !== '/token') return void response.end(JSON.stringify(discovery()));
    refreshes += 1;
    const body = { access_token: 'renewed', expires_in: 600, refresh_token: 'next' };
    response.writeHead(status).end(JSON.stringify(status === 200 ? body : { error: 'invalid_grant' }));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
});
afterAll(() => provider.close());
beforeEach(() => {
  refreshes = 0;
  status = 200;
  request.cookies = '';
  request.asked = [];
  vi.stubEnv('NEXTAUTH_URL', shellUrl);
});
afterEach(() => vi.unstubAllEnvs());

function discovery(): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    end_session_endpoint: `${issuer}/end`,
  };
}

const open = (change: Partial<ShellOptions> = {}) =>
  createAuthJsShell(
    () => {},
    () => ({
      shellUrl,
      issuer,
      clientId: 'shell',
      clientSecret: 'a client secret',
      secrets: [secret],
      storage: { kind: 'cookie', endedSessions: 'this-process' },
      forward: ['/account'],
      ...change,
    }),
  );

/** The cookies of a user whose token is good for so long. */
async function signedIn(tokenSeconds: number, change: Partial<ShellSession> = {}): Promise<string> {
  const session: ShellSession = {
    handle: createHandle(),
    subject: 'alice',
    name: 'Alice',
    startedAt: Date.now(),
    endsAt: Date.now() + 3_600_000,
    ...change,
  };
  const tokens: ShellTokens = {
    accessToken: 'of-the-sign-in',
    accessTokenEndsAt: Date.now() + tokenSeconds * 1000,
    refreshToken: createHandle(),
    idToken: 'id',
  };
  const codec = createSessionCodec(sealing);
  const lines = [
    `${cookies.session}=${await codec.encode({ token: toSessionToken(session), maxAge: 3600 })}`,
    ...serializeParts(cookies, sealing.seal('tokens', serializeTokens(tokens), hashOfHandle(session.handle)), 3600),
  ];
  return lines
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => !pair.endsWith('='))
    .join('; ');
}

describe('who is signed in at a shell', () => {
  it('is said from the cookie of the session, and nothing is written or asked', async () => {
    expect(await open().auth()).toEqual({ status: 'signed-out' });
    request.cookies = await signedIn(600);
    expect(await open().auth()).toMatchObject({ status: 'signed-in', userId: 'alice', name: 'Alice' });
    expect(refreshes).toBe(0);
  });

  it.each([
    { name: 'made up', cookie: () => `${cookies.session}=x.y.z` },
    { name: 'over', cookie: () => signedIn(600, { endsAt: Date.now() - 1 }) },
    { name: 'there twice', cookie: async () => `${await signedIn(600)}; ${await signedIn(600)}` },
  ])('is no user by a cookie that is $name', async ({ cookie }) => {
    request.cookies = await cookie();
    expect(await open().auth()).toEqual({ status: 'signed-out' });
    await expect(open().getAccessToken()).rejects.toMatchObject({ code: 'SP_UNAUTHENTICATED' });
  });

  it('is looked for in the request alone, which Cache Components render no part of a page ahead of', async () => {
    request.cookies = await signedIn(600);
    await open().auth();
    expect(request.asked).toEqual(['connection', 'cookies']);
  });

  it('is no object of any kind while the shell is not configured', async () => {
    request.cookies = await signedIn(600);
    const shell = open({ secrets: ['weak'], clientSecret: '' });
    const problem = { name: 'SallyportConfigurationError', problems: expect.arrayContaining([]) as unknown };
    await expect(shell.auth()).rejects.toMatchObject(problem);
    await expect(shell.getAccessToken()).rejects.toMatchObject(problem);
    await expect(shell.account(new Request(`${shellUrl}/auth/session`))).rejects.toMatchObject(problem);
    await expect(shell.forward(new Request(`${shellUrl}/account`))).rejects.toMatchObject(problem);
    expect(() => shell.nextAuthOptions()).toThrow(/clientSecret[\s\S]*secrets\[0\]|secrets\[0\][\s\S]*clientSecret/);
  });

  it('is not guessed while the database is down', async () => {
    const connection = new DatabaseSync(':memory:');
    const shell = open({ storage: { kind: 'vault', database: sqliteDatabase(connection) } });
    request.cookies = await signedIn(600);
    expect(await shell.auth()).toEqual({ status: 'signed-out' });
    connection.close();
    await expect(shell.auth()).rejects.toMatchObject({ code: 'SP_STORE_UNAVAILABLE' });
    const headers = { cookie: request.cookies };
    const answer = await shell.account(new Request(`${shellUrl}/auth/session`, { headers }));
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []]);
  });
});

describe('the token cookie', () => {
  const proxied = (): { readonly request: NextRequest; readonly seen: NextRequest[] } => ({
    request: new NextRequest(`${shellUrl}/`, { headers: { cookie: request.cookies } }),
    seen: [],
  });
  const renew = async (shell: ReturnType<typeof open>) => {
    const { request: incoming, seen } = proxied();
    const response = await shell.renew(incoming, (passed) => {
      seen.push(passed);
      return NextResponse.next();
    });
    return { setCookies: response.headers.getSetCookie(), cookie: seen[0]?.headers.get('cookie') ?? '' };
  };

  it('is renewed before a page is rendered, which then reads the new one', async () => {
    request.cookies = await signedIn(1);
    const shell = open();
    const { setCookies, cookie } = await renew(shell);
    expect([refreshes, setCookies.length]).toEqual([1, 3]);
    request.cookies = cookie;
    expect(await shell.getAccessToken()).toBe('renewed');
    expect((await renew(shell)).setCookies).toEqual([]);
    expect(refreshes).toBe(1);
  });

  it('is never renewed in a server component, where nothing could be written', async () => {
    const shell = open();
    request.cookies = await signedIn(1);
    expect(await shell.getAccessToken()).toBe('of-the-sign-in');
    request.cookies = await signedIn(-1);
    await expect(shell.getAccessToken()).rejects.toMatchObject({ code: 'SP_TOKEN_EXPIRED' });
    expect(refreshes).toBe(0);
  });

  it('stays as it is when the provider is down, and the page is rendered', async () => {
    status = 503;
    request.cookies = await signedIn(-1);
    const { setCookies, cookie } = await renew(open());
    expect([setCookies, cookie]).toEqual([[], request.cookies]);
    expect(await open().auth()).toMatchObject({ status: 'signed-in' });
  });

  it('of another session is of no use', async () => {
    const [mine, other] = [await signedIn(600), await signedIn(600)];
    const [session = ''] = mine.split('; ');
    const [, ...tokens] = other.split('; ');
    request.cookies = [session, ...tokens].join('; ');
    await expect(open().getAccessToken()).rejects.toMatchObject({ code: 'SP_UNAUTHENTICATED' });
  });

  it('is asked about by no request with the vault', async () => {
    request.cookies = await signedIn(-1);
    const shell = open({ storage: { kind: 'vault', database: sqliteDatabase(new DatabaseSync(':memory:')) } });
    expect((await renew(shell)).setCookies).toEqual([]);
    expect(refreshes).toBe(0);
  });
});

describe('the options of a shell', () => {
  it.each<{ readonly name: string; readonly change: object; readonly problem: RegExp }>([
    { name: 'an address with a path', change: { shellUrl: 'https://app.example.com/x' }, problem: /shellUrl/ },
    { name: 'plain http', change: { shellUrl: 'http://app.example.com' }, problem: /shellUrl must be https/ },
    { name: 'another address than next-auth', change: { shellUrl: 'http://localhost:3101' }, problem: /NEXTAUTH_URL/ },
    { name: 'no secret', change: { secrets: [] }, problem: /secrets is empty/ },
    { name: 'scopes without a refresh token', change: { scopes: ['openid'] }, problem: /offline_access/ },
    { name: 'a session of a second', change: { sessionSeconds: 1 }, problem: /sessionSeconds/ },
    { name: 'a prefix that climbs', change: { forward: ['/account/..'] }, problem: /forward/ },
    { name: 'a prefix of next-auth', change: { forward: ['/api/auth'] }, problem: /answers itself/ },
    { name: 'a page of another site', change: { signedOutPath: '//evil.example' }, problem: /signedOutPath/ },
    { name: 'an unknown storage', change: { storage: { kind: 'disk' } }, problem: /storage\.kind/ },
    { name: 'a vault without a database', change: { storage: { kind: 'vault' } }, problem: /no database/ },
  ])('are refused with $name', async ({ change, problem }) => {
    await expect(open(change).auth()).rejects.toThrow(problem);
  });

  it('are refused with a name that is none', async () => {
    await expect(open({ forwrad: ['/account'] } as never).auth()).rejects.toThrow(/"forwrad" is no option/);
  });
});
