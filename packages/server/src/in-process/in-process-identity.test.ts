import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTokenVerifier, silentLogger, type InProcessIdentity, type Mailer } from '@sallyport/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, send } from '../test-support/test-gateway.ts';
import { openInProcessIdentity } from './open-in-process-identity.ts';

const password = 'violet-kettle-marches-north';
const policy = {
  permissions: { 'note:write': 'Write notes' },
  roles: { user: ['note:write'], vendor: ['note:write'], reader: [] },
} as const;
const handshake = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const mailer: Mailer = { send: () => Promise.resolve() };
const dataDir = mkdtempSync(join(tmpdir(), 'in-process-'));
let identity: InProcessIdentity;
let server: Server;
let origin: string;
let handled = 0;

/** What a test makes of a request in the application. */
type Act = (request: IncomingMessage) => Promise<unknown>;
let act: Act | undefined;

beforeAll(async () => {
  const port = await freePort();
  origin = `http://localhost:${port}`;
  identity = await openInProcessIdentity({
    publicUrl: origin,
    policy,
    dataDir,
    mailer,
    logger: silentLogger,
    firstPartyTokens: {},
    passwords: { answerFloorMilliseconds: 100 },
    ownPaths: ['/auth/login'],
  });
  server = createServer((request, response) => {
    identity.handle(request, response, () => {
      handled++;
      void answer(request).then(
        (body) => response.end(JSON.stringify(body ?? null)),
        (error: unknown) => response.writeHead(500).end(JSON.stringify(error)),
      );
    });
  });
  await once(server.listen(port, 'localhost'), 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await identity.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function answer(request: IncomingMessage): Promise<unknown> {
  if (act !== undefined) return act(request);
  let body = '';
  for await (const part of request) body += String(part);
  return { headers: request.headers, url: request.url, body };
}

/** Runs something in the application with a request that came through. */
async function inApplication<T>(work: (request: IncomingMessage) => Promise<T>): Promise<T> {
  let outcome: Promise<T> | undefined;
  act = (request) => {
    outcome = work(request);
    return outcome.catch(() => undefined);
  };
  try {
    await fetch(`${origin}/act`);
  } finally {
    act = undefined;
  }
  if (outcome === undefined) throw new Error('the application was not asked');
  return outcome;
}

async function seen(path: string, init: RequestInit = {}): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  const response = await fetch(origin + path, init);
  expect(response.status).toBe(200);
  return (await response.json()) as { headers: IncomingHttpHeaders; body: string };
}

let made = 0;
async function newUser(roles: readonly string[] = ['user']): Promise<{ id: string; email: string }> {
  const email = `user-${++made}@example.test`;
  return identity.createUser({ name: 'Ada', email, password, roles, emailVerified: true });
}
/** Most tests are of one user: each password that is hashed takes its time. */
let ada: ReturnType<typeof newUser> | undefined;
const knownUser = (): ReturnType<typeof newUser> => (ada ??= newUser());
const signIn = (email: string, secret = password) =>
  inApplication((request) => identity.signIn(request, { email, password: secret }));
const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

describe('a request of the application', () => {
  it('carries a token for the application in place of that of the program', async () => {
    const { id, email } = await knownUser();
    const { accessToken } = await signIn(email);
    const { headers } = await seen('/notes', bearer(accessToken));
    expect(headers.authorization).not.toContain(accessToken);
    const { issuer, audience, keys } = identity;
    const verifier = createTokenVerifier({ issuer, audience, keys });
    expect(await verifier.verify(headers.authorization?.slice(7) ?? '')).toMatchObject({
      id,
      roles: ['user'],
      permissions: ['note:write'],
      profile: { email },
    });
  });

  it('carries a token in place of the session cookie, and other cookies as they came', async () => {
    const { email } = await knownUser();
    let cookie = '';
    act = async (request) => identity.startSession(request, { email, password });
    try {
      cookie = (await fetch(`${origin}/sign-in`)).headers.getSetCookie()[0]?.split(';')[0] ?? '';
    } finally {
      act = undefined;
    }
    expect(cookie).toMatch(/^sallyport-\d+=./);
    const { headers } = await seen('/notes', { headers: { cookie: `theme=dark; ${cookie}` } });
    expect(headers.cookie).toBe('theme=dark');
    expect(headers.authorization).toMatch(/^Bearer eyJ/);
  });

  it('carries nothing of what a client says of itself', async () => {
    const { headers } = await seen('/notes', {
      headers: { authorization: 'Basic YTpi', 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'mine' },
    });
    expect(headers.authorization).toBeUndefined();
    expect(headers['x-forwarded-for']).not.toContain('203.0.113.9');
    expect(headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
  });

  it('has its body unread, whole or in chunks', async () => {
    const whole = await seen('/notes', { method: 'POST', body: '{"a":1}' });
    expect(whole.body).toBe('{"a":1}');
    const chunks = await send(
      `${origin}/notes`,
      'POST',
      { host: new URL(origin).host, 'transfer-encoding': 'chunked' },
      'abc',
    );
    expect(JSON.parse(chunks.body)).toMatchObject({ body: 'abc', headers: { 'transfer-encoding': 'chunked' } });
  });

  it('reaches paths of the application below /auth, and no other there', async () => {
    expect((await fetch(`${origin}/auth/login`)).status).toBe(200);
    const before = handled;
    const session = await fetch(`${origin}/auth/session`);
    expect(await session.json()).toEqual({ status: 'signed-out' });
    expect((await fetch(`${origin}/auth/elsewhere`)).status).toBe(404);
    expect(handled).toBe(before);
  });

  it.each([
    ['a token that is none', 401, { authorization: 'Bearer rubbish' }],
    ['a host that is not served', 421, { host: 'evil.example' }],
    ['a WebSocket handshake', 501, handshake],
  ])('is refused before the application with %s', async (_, status, headers) => {
    const before = handled;
    const refused = await send(`${origin}/notes`, 'GET', { host: new URL(origin).host, ...headers });
    expect(refused.status).toBe(status);
    expect(handled).toBe(before);
  });

  it('is refused when another site makes the browser of a user write', async () => {
    const before = handled;
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await fetch(`${origin}/notes`, { method: 'POST', headers })).status).toBe(403);
    expect(handled).toBe(before);
  });
});

describe('identity of the process', () => {
  it('refuses a wrong password and an unknown address alike', async () => {
    const { email } = await knownUser();
    await expect(signIn(email, 'another-kettle-north')).rejects.toMatchObject({ code: 'SP_CREDENTIALS_INVALID' });
    await expect(signIn('nobody@example.test')).rejects.toMatchObject({ code: 'SP_CREDENTIALS_INVALID' });
  });

  it('makes one account of two requests for one address', async () => {
    const user = { name: 'Ada', email: 'twice@example.test', password, roles: ['user'], emailVerified: true };
    const outcomes = await Promise.allSettled([identity.createUser(user), identity.createUser(user)]);
    expect(outcomes.map(({ status }) => status).sort((a, b) => a.localeCompare(b))).toEqual(['fulfilled', 'rejected']);
    await expect(identity.createUser(user)).rejects.toMatchObject({ code: 'SP_CONFLICT' });
  });

  it.each([
    ['a short password', { password: 'short' }, 'SP_PASSWORD_UNACCEPTABLE'],
    ['a role that is none', { roles: ['king'] }, 'SP_VALIDATION_FAILED'],
  ])('makes no account with %s', async (_, change, code) => {
    const user = { name: 'Eve', email: 'eve@example.test', password, roles: ['user'], emailVerified: true, ...change };
    await expect(identity.createUser(user)).rejects.toMatchObject({ code });
    expect(await identity.findUserByEmail('eve@example.test')).toBeNull();
  });

  it('refuses tokens of roles that were taken away, and of users who are banned', async () => {
    const { id, email } = await newUser(['vendor']);
    const { accessToken, refreshToken } = await signIn(email);
    expect(await identity.setRoles(id, ['reader'])).toMatchObject({ id, roles: ['reader'] });
    const { headers } = await fetch(`${origin}/notes`, bearer(accessToken)).then(async (response) =>
      response.status === 401 ? { headers: {} } : ((await response.json()) as { headers: IncomingHttpHeaders }),
    );
    expect(rolesIn(headers)).not.toContain('vendor');
    await identity.setBanned(id, true);
    expect((await fetch(`${origin}/notes`, bearer(accessToken))).status).toBe(401);
    await expect(inApplication((request) => identity.refresh(request, refreshToken))).rejects.toMatchObject({
      code: 'SP_REFRESH_TOKEN_INVALID',
    });
  });

  it('signs a program out with all its tokens', async () => {
    const { accessToken, refreshToken } = await signIn((await knownUser()).email);
    await inApplication((request) => identity.signOut(request, refreshToken));
    expect((await fetch(`${origin}/notes`, bearer(accessToken))).status).toBe(401);
  });

  it('knows nothing of a request that did not come through it', async () => {
    const stranger = {} as IncomingMessage;
    await expect(
      (async () => identity.signIn(stranger, { email: 'a@example.test', password }))(),
    ).rejects.toMatchObject({ code: 'SP_INTERNAL' });
  });
});

describe('its options', () => {
  const base = { publicUrl: 'http://localhost:1', policy, logger: silentLogger, mailer };

  it.each([
    ['a section of gateways', { listen: { port: 1 } }, /no listen: these are of a gateway/],
    ['routes', { routes: [] }, /no routes/],
    ['a path that is not below /auth', { ownPaths: ['/login'] }, /plain paths below \/auth/],
    ['a key that is not known', { firstPartyToken: {} }, /firstPartyToken/],
  ])('are refused with %s', async (_, change, message) => {
    await expect(openInProcessIdentity({ ...base, ...change })).rejects.toThrow(message);
  });
});

function rolesIn(headers: IncomingHttpHeaders): readonly string[] {
  const payload = headers.authorization?.split('.')[1];
  if (payload === undefined) return [];
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { roles?: string[] }).roles ?? [];
}
