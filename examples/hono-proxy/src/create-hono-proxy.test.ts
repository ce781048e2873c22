import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalKeySource, createTokenVerifier } from '@sallyport/core';
import type { Hono } from 'hono';
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHonoProxy } from './create-hono-proxy.ts';

const publicUrl = 'http://localhost:3300';
const password = 'correct horse battery';

let app: Hono;
let service: Server;
let seen: IncomingMessage[] = [];

beforeAll(async () => {
  service = createServer((request, response) => {
    seen.push(request);
    if (request.method === 'POST') request.pipe(response);
    else response.end('{"answer":42}');
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  ({ app } = await createHonoProxy({
    publicUrl,
    upstream: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    secret: randomBytes(32).toString('base64url'),
    databaseFile: ':memory:',
  }));
  await post('/auth/sign-up/email', { name: 'Ada', email: 'ada@example.com', password });
});

afterAll(() => {
  service.closeAllConnections();
  service.close();
});

describe('the hono proxy', () => {
  it('passes a signed-in request on with a token that the service can verify, and without the cookie', async () => {
    const cookie = await signIn();
    seen = [];
    const response = await app.request('/api/shop/products?page=2', { headers: { cookie } });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ answer: 42 });

    const [request] = seen;
    expect(request?.url).toBe('/products?page=2');
    expect(request?.headers.cookie).toBeUndefined();
    const { verify } = await verifierFor('shop');
    const principal = await verify(bearerOf(request));
    expect(principal).toMatchObject({ kind: 'user', roles: ['user'], credential: 'session' });
  });

  it('makes tokens that another service refuses', async () => {
    seen = [];
    await app.request('/api/shop/products', { headers: { cookie: await signIn() } });
    const { verify } = await verifierFor('billing');
    await expect(verify(bearerOf(seen[0]))).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
  });

  it('replaces an Authorization header of the caller', async () => {
    seen = [];
    const cookie = await signIn();
    await app.request('/api/shop/products', { headers: { cookie, authorization: 'Bearer made-up' } });
    expect(seen[0]?.headers.authorization).not.toContain('made-up');
  });

  it('passes bodies on', async () => {
    const response = await app.request('/api/shop/products', {
      method: 'POST',
      headers: { cookie: await signIn(), origin: publicUrl, 'content-type': 'text/plain' },
      body: 'a lamp',
    });
    expect(await response.text()).toBe('a lamp');
  });

  it.each([
    { name: 'without a cookie', cookie: () => '' },
    { name: 'with a made-up cookie', cookie: () => 'better-auth.session_token=made-up.c2lnbmF0dXJl' },
    { name: 'with a session that was signed out', cookie: signInAndOut },
  ])('turns a request away $name', async ({ cookie }) => {
    seen = [];
    const response = await app.request('/api/shop/products', { headers: { cookie: await cookie() } });
    expect(response.status).toBe(401);
    expect(seen).toHaveLength(0);
  });
});

async function signIn(): Promise<string> {
  const response = await post('/auth/sign-in/email', { email: 'ada@example.com', password });
  expect(response.status).toBe(200);
  return response.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
}

async function signInAndOut(): Promise<string> {
  const cookie = await signIn();
  expect((await post('/auth/sign-out', {}, cookie)).status).toBe(200);
  return cookie;
}

async function post(path: string, body: object, cookie?: string): Promise<Response> {
  return app.request(`${publicUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: publicUrl, ...(cookie === undefined ? {} : { cookie }) },
    body: JSON.stringify(body),
  });
}

async function verifierFor(audience: string) {
  // Our own endpoint: a wrong shape would fail every test here.
  const keys = (await (await app.request('/internal/.well-known/jwks.json')).json()) as JSONWebKeySet;
  return createTokenVerifier({ issuer: `${publicUrl}/internal`, audience, keys: createLocalKeySource(keys) });
}

function bearerOf(request: IncomingMessage | undefined): string {
  return request?.headers.authorization?.replace('Bearer ', '') ?? '';
}
