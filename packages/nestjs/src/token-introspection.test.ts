import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toCheckedToken } from '@sallyport/core';
import { createTestIssuer, type TestKeyEndpoint } from '@sallyport/testing';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IntrospectionOptions } from './introspection-options.ts';
import { requireSallyportOptions } from './sallyport-options.ts';
import { SallyportModule } from './sallyport-module.ts';
import { createTokenIntrospection } from './token-introspection.ts';
import { calls, GuardedController, lines, logger, urlOf } from './test-service.test-support.ts';

/* A gateway in the hands of the test; test/processes has the same with a real one. */

const issuer = createTestIssuer({ audience: 'billing', roles: { vendor: ['product:read', 'product:create'] } });
const apiKey = `sp_key_${'A'.repeat(38)}`;
const token = toCheckedToken('sp_at_', 'x'.repeat(83));
const another = toCheckedToken('sp_at_', 'y'.repeat(83));
const atNoon = 1_796_000_000;

interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly form: URLSearchParams;
}

let server: Server;
let url: string;
let keys: TestKeyEndpoint;
let asked: Asked[];
let answer: (response: ServerResponse, presented: string) => void;
const apps: INestApplication[] = [];

const active = (change: object = {}): object => ({
  active: true,
  token_type: 'Bearer',
  iss: 'https://app.test',
  sub: 'usr_1',
  aud: 'billing',
  exp: Math.floor(Date.now() / 1000) + 300,
  client_id: 'sallyport-first-party',
  sid: 'Jx3kfM2nQp8rTv5wYz7abA',
  scope: 'product:read product:create',
  roles: ['vendor'],
  acr: 'pwd',
  amr: ['pwd'],
  auth_time: 1_795_000_000,
  gen: { s: 1, u: 1, p: 1 },
  sub_type: 'user',
  cred: 'opaque',
  ...change,
});
const say = (response: ServerResponse, status: number, body: unknown): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

beforeEach(async () => {
  asked = [];
  lines.length = 0;
  calls.handled = 0;
  answer = (response) => say(response, 200, active());
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const form = new URLSearchParams(body);
      asked.push({ headers: request.headers, form });
      answer(response, form.get('token') ?? '');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // A server that listens on a port has an address of this shape.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth2/introspect`;
  keys = await issuer.listen();
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await keys.close();
});

async function start(
  more: Partial<IntrospectionOptions> = {},
  {
    platform = 'Express',
    withKeys = false,
  }: { readonly platform?: 'Express' | 'Fastify'; readonly withKeys?: boolean } = {},
): Promise<string> {
  const options = {
    issuer: issuer.issuer,
    audience: 'billing',
    introspection: { url, apiKey, ...more },
    logger,
    ...(withKeys ? { keysUrl: keys.url } : {}),
  };
  const root = {
    module: class Root {},
    imports: [SallyportModule.forRoot(options)],
    controllers: [GuardedController],
  };
  const adapter = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create<INestApplication>(root, adapter, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  apps.push(app);
  return urlOf(app);
}

const get = (service: string, path: string, presented: string = token): Promise<Response> =>
  fetch(`${service}/guarded/${path}`, { headers: { authorization: `Bearer ${presented}` } });
const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { readonly code: unknown }).code;

describe.each(['Express', 'Fastify'] as const)('a service without a gateway on %s', (platform) => {
  it('asks the gateway who presents a token, and guards by what it is told', async () => {
    const service = await start({}, { platform });
    const answered = await get(service, 'anyone');
    expect(answered.status).toBe(200);
    expect(await answered.json()).toMatchObject({
      kind: 'user',
      id: 'usr_1',
      sid: 'Jx3kfM2nQp8rTv5wYz7abA',
      clientId: 'sallyport-first-party',
      roles: ['vendor'],
      permissions: ['product:read', 'product:create'],
      credential: 'opaque',
      generation: { session: 1, user: 1, policy: 1 },
    });
    expect((await get(service, 'role')).status).toBe(200);
    expect((await get(service, 'permission')).status).toBe(200);
    expect((await get(service, 'both')).status).toBe(403);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers['x-api-key']).toBe(apiKey);
    expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({ token, token_type_hint: 'access_token' });
  });

  it('refuses a token that is not active, and asks about it once', async () => {
    answer = (response) => say(response, 200, { active: false });
    const service = await start({}, { platform });
    for (let turn = 0; turn < 3; turn++) {
      const refused = await get(service, 'anyone');
      expect([refused.status, await codeOf(refused)]).toEqual([401, 'SP_TOKEN_INVALID']);
    }
    expect([asked.length, calls.handled]).toEqual([1, 0]);
  });
});

describe('introspection by a service', () => {
  it.each([
    ['a key', { token_type: 'DPoP', cnf: { jkt: 'x'.repeat(43) } }],
    ['a certificate', { cnf: { 'x5t#S256': 'x'.repeat(43) } }],
    ['what it does not know', { cnf: { 'another#method': 'x' } }],
    ['nothing that is named', { cnf: null }],
    ['a scheme that it does not know', { token_type: 'N_A' }],
  ])('refuses a token that is bound to %s, which any thief could present', async (_name, change) => {
    answer = (response) => say(response, 200, active(change));
    const service = await start();
    for (let turn = 0; turn < 2; turn++) {
      const refused = await get(service, 'anyone');
      expect([refused.status, await codeOf(refused)]).toEqual([401, 'SP_TOKEN_INVALID']);
    }
    expect(calls.handled).toBe(0);
  });

  it.each([
    ['no token', ''],
    ['a mistyped one', `${token.slice(0, -1)}_`],
    ['one cut short', token.slice(0, -1)],
    ['another secret', toCheckedToken('sp_rt_', 'x'.repeat(103))],
    ['an API key', apiKey],
    ['a word', 'x'],
    ['an oversized one', `${'a'.repeat(8000)}.${'b'.repeat(500)}.c`],
  ])('asks about %s nowhere', async (_name, presented) => {
    const service = await start();
    expect((await get(service, 'anyone', presented)).status).toBe(401);
    expect(asked).toEqual([]);
  });

  it.each([
    ['does not know its key', (response: ServerResponse) => say(response, 401, { error: 'invalid_client' })],
    ['refuses its key', (response: ServerResponse) => say(response, 403, { error: 'insufficient_scope' })],
    ['is asked too often', (response: ServerResponse) => say(response, 429, { error: 'temporarily_unavailable' })],
    ['has no stores', (response: ServerResponse) => say(response, 503, { error: 'temporarily_unavailable' })],
    ['is another program', (response: ServerResponse) => void response.end('<html>')],
    ['says nothing that can be understood', (response: ServerResponse) => say(response, 200, { active: 'yes' })],
    ['leaves out who it is', (response: ServerResponse) => say(response, 200, { active: true })],
    ['answers for another service', (response: ServerResponse) => say(response, 200, active({ aud: 'shop' }))],
    ['sends it elsewhere', (response: ServerResponse) => void response.writeHead(307, { location: '/x' }).end()],
    ['hangs up', (response: ServerResponse) => void response.destroy()],
    ['does not answer', () => {}],
  ])('is 503 and never 401 when the gateway %s', async (_name, how) => {
    answer = how;
    const service = await start({ timeoutMilliseconds: 200 });
    const refused = await get(service, 'anyone');
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'SP_SERVICE_UNAVAILABLE']);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(calls.handled).toBe(0);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'introspection-failed' }));
    for (const secret of [token, apiKey]) expect(JSON.stringify(lines)).not.toContain(secret);
  });

  it('is 503 when nothing listens, and works again when something does', async () => {
    let now = new Date();
    const verifier = createTokenIntrospection({
      url: 'http://127.0.0.1:9/oauth2/introspect',
      apiKey,
      audience: 'billing',
      logger,
      now: () => now,
    });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE' });
    const other = createTokenIntrospection({ url, apiKey, audience: 'billing', logger, now: () => now });
    answer = (response) => say(response, 503, {});
    await expect(other.verify(token)).rejects.toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE' });
    answer = (response) => say(response, 200, active());
    // The gateway is left alone for a moment, and not asked by every request that waits.
    await expect(other.verify(another)).rejects.toMatchObject({ reason: 'introspection-paused' });
    expect(asked).toHaveLength(1);
    now = new Date(now.getTime() + 500);
    expect(await other.verify(token)).toMatchObject({ id: 'usr_1' });
  });

  it('asks once for all requests of a moment', async () => {
    const service = await start();
    const statuses = await Promise.all(Array.from({ length: 50 }, async () => (await get(service, 'anyone')).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(asked).toHaveLength(1);
  });

  it('believes an answer for as long as it is told to, and never beyond the end of the token', async () => {
    let seconds = atNoon;
    const options = { url, apiKey, audience: 'billing', logger, now: () => new Date(seconds * 1000) };
    answer = (response) => say(response, 200, active({ exp: atNoon + 25 }));
    const verifier = createTokenIntrospection({ ...options, cacheSeconds: 20 });
    await verifier.verify(token);
    seconds += 19;
    expect(verifier.recall(token)).toMatchObject({ id: 'usr_1' });
    answer = (response) => say(response, 200, { active: false });
    seconds += 1;
    expect(verifier.recall(token)).toBeUndefined();
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });

    const longer = createTokenIntrospection({ ...options, cacheSeconds: 60 });
    answer = (response) => say(response, 200, active({ exp: atNoon + 25 }));
    await longer.verify(another);
    seconds = atNoon + 25;
    expect(longer.recall(another)).toBeUndefined();
    await expect(longer.verify(another)).rejects.toMatchObject({ code: 'SP_TOKEN_EXPIRED' });
  });

  it('asks with each request where nothing is to be believed', async () => {
    const service = await start({ cacheSeconds: 0 });
    for (let turn = 0; turn < 3; turn++) expect((await get(service, 'anyone')).status).toBe(200);
    expect(asked).toHaveLength(3);
  });

  it('refuses what was revoked since, where the service hears of it', async () => {
    let isRevoked = false;
    const { SallyportError } = await import('@sallyport/core');
    const verifier = createTokenIntrospection({
      url,
      apiKey,
      audience: 'billing',
      logger,
      objectTo: () => (isRevoked ? new SallyportError('SP_UNAUTHENTICATED', { reason: 'token-revoked' }) : undefined),
    });
    await verifier.verify(token);
    isRevoked = true;
    expect(verifier.recall(token)).toBeUndefined();
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'SP_UNAUTHENTICATED' });
    expect(asked).toHaveLength(1);
  });

  it('verifies the tokens of the gateway by their keys, and asks about no other one of that issuer', async () => {
    const service = await start({}, { withKeys: true });
    const internal = issuer.tokenFor('vendor');
    expect((await get(service, 'permission', internal)).status).toBe(200);
    const [header = '', payload = ''] = internal.split('.');
    expect((await get(service, 'anyone', `${header}.${payload}.${'A'.repeat(86)}`)).status).toBe(401);
    expect(asked).toEqual([]);
    expect((await get(service, 'permission', token)).status).toBe(200);
    const jwt = [header, Buffer.from('{"iss":"https://app.test"}').toString('base64url'), 'c2ln'].join('.');
    expect((await get(service, 'anyone', jwt)).status).toBe(200);
    expect(asked).toHaveLength(2);
  });
});

describe('the option introspection', () => {
  const base = { issuer: 'https://app.test/internal', audience: 'billing' };
  const good = { url: 'https://app.test/oauth2/introspect', apiKey };

  it('takes the place of keys', () => {
    expect(() => requireSallyportOptions({ ...base, introspection: good })).not.toThrow();
  });

  it.each([
    ['an address of something else', { ...good, url: 'https://app.test/introspect' }, 'url must be'],
    ['plain http away from loopback', { ...good, url: 'http://app.test/oauth2/introspect' }, 'must be https'],
    ['no key', { url: good.url }, 'apiKey must be'],
    ['another secret', { ...good, apiKey: 'sp_rt_x' }, 'apiKey must be'],
    ['a minute and more', { ...good, cacheSeconds: 61 }, 'cacheSeconds must be'],
    ['no patience', { ...good, timeoutMilliseconds: 1 }, 'timeoutMilliseconds must be'],
    ['a member that there is not', { ...good, cache: 10 }, 'members that are not options'],
    ['a text', 'yes', 'must be an object'],
  ])('is refused with %s, and shows no value', (_name, introspection, message) => {
    const check = () => requireSallyportOptions({ ...base, introspection: introspection as IntrospectionOptions });
    expect(check).toThrow(message);
    expect(check).not.toThrow(apiKey);
  });
});
