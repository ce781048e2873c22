import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { internalKeysPath } from '@sallyport/core';
import { createTestIssuer, type TestIssuer } from '@sallyport/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchApi, type FetchApiInit } from './fetch-api.ts';

const request = vi.hoisted(() => ({ headers: new Headers() }));
vi.mock('server-only', () => ({}));
vi.mock('next/headers.js', () => ({ headers: async () => request.headers }));

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let issuer: TestIssuer;
let server: Server;
let seen: Seen[] = [];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  issuer = createTestIssuer({ audience: 'shell' });
  server = createServer((incoming, response) => {
    if (incoming.url === internalKeysPath) return void response.end(JSON.stringify(issuer.jwks()));
    let body = '';
    incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    incoming.on('end', () => {
      seen.push({ method: incoming.method, url: incoming.url, headers: incoming.headers, body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

beforeEach(() => {
  seen = [];
  answer = (response) => response.end('[]');
  request.headers = new Headers();
  vi.stubEnv('SALLYPORT_PUBLIC_URL', 'http://localhost:3000');
  // A server that listens on a port, not on a pipe, has an address of this shape.
  vi.stubEnv('SALLYPORT_INTERNAL_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('SALLYPORT_AUDIENCE', 'shell');
});
afterEach(() => vi.unstubAllEnvs());

describe('fetchApi() sends nothing', () => {
  it.each([
    { name: 'to another origin', path: 'http://evil.example/api/shop', init: {} },
    { name: 'to the sign-in engine', path: '/auth/session', init: {} },
    { name: 'out of the services', path: '/api/../internal', init: {} },
    { name: 'with a credential of the caller', path: '/api/shop', init: { headers: { Authorization: 'Bearer x' } } },
    { name: 'with a cookie of the caller', path: '/api/shop', init: { headers: [['Cookie', 'sallyport=x']] } },
    { name: 'with an API key of the caller', path: '/api/shop', init: { headers: { 'x-api-key': 'sp_key_x' } } },
    { name: 'with two bodies', path: '/api/shop', init: { method: 'POST', json: {}, body: 'x' } },
  ] satisfies readonly { name: string; path: string; init: FetchApiInit }[])('$name', async ({ path, init }) => {
    await expect(fetchApi(path, init)).rejects.toThrow(TypeError);
    expect(seen).toEqual([]);
  });

  it('for a caller whose token is not valid', async () => {
    request.headers.set('authorization', 'Bearer zzz');

    await expect(fetchApi('/api/shop')).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
    expect(seen).toEqual([]);
  });

  it('for a caller whose token expired and was signed by another issuer', async () => {
    const now = Math.floor(Date.now() / 1000);
    const forged = createTestIssuer({ audience: 'shell' }).sign({ iat: now - 90, exp: now - 30 });
    request.headers.set('authorization', `Bearer ${forged}`);

    await expect(fetchApi('/api/shop')).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID' });
    expect(seen).toEqual([]);
  });
});

describe('fetchApi()', () => {
  it("carries this application's own token, the request id and the trace, and no cookie", async () => {
    const token = issuer.sign();
    request.headers = new Headers({
      authorization: `Bearer ${token}`,
      cookie: 'sallyport=secret',
      'x-request-id': 'r-1',
      traceparent: '00-1-2-01',
      'x-forwarded-for': '10.0.0.1',
    });

    await fetchApi('/api/shop/products?page=2');

    expect(seen[0]).toMatchObject({
      method: 'GET',
      url: '/api/shop/products?page=2',
      headers: {
        authorization: `Bearer ${token}`,
        'x-request-id': 'r-1',
        traceparent: '00-1-2-01',
        accept: 'application/json',
      },
    });
    expect(seen[0]?.headers).not.toHaveProperty('cookie');
    expect(seen[0]?.headers).not.toHaveProperty('x-forwarded-for');
  });

  it('carries a token that expired while its action ran, for the gateway to judge', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = issuer.sign({ iat: now - 90, exp: now - 30 });
    request.headers.set('authorization', `Bearer ${token}`);

    await fetchApi('/api/shop/products');

    expect(seen[0]?.headers['authorization']).toBe(`Bearer ${token}`);
  });

  it('has no credential when no user is signed in', async () => {
    await fetchApi('/api/shop/products');

    expect(seen[0]?.headers).not.toHaveProperty('authorization');
  });

  it('sends a value as JSON', async () => {
    await fetchApi('/api/shop/products', { method: 'POST', json: { name: 'Kite' } });

    expect(seen[0]).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Kite"}',
    });
  });

  it('gives a refusal back as an answer', async () => {
    answer = (response) => response.writeHead(403).end();

    expect((await fetchApi('/api/shop/products')).status).toBe(403);
  });

  it('follows no redirect', async () => {
    answer = (response) => response.writeHead(307, { location: '/api/other' }).end();

    await expect(fetchApi('/api/shop/products')).rejects.toMatchObject({ code: 'SP_UPSTREAM_UNAVAILABLE' });
    expect(seen).toHaveLength(1);
  });

  it('says 502 when the gateway hangs up', async () => {
    answer = (response) => response.destroy();

    await expect(fetchApi('/api/shop/products')).rejects.toMatchObject({ code: 'SP_UPSTREAM_UNAVAILABLE' });
  });

  it('says 504 when the gateway takes too long', async () => {
    answer = () => {};

    await expect(fetchApi('/api/shop/products', { timeoutMilliseconds: 20 })).rejects.toMatchObject({
      code: 'SP_UPSTREAM_TIMEOUT',
    });
  });

  it("rejects with the caller's own reason when the caller gives up", async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error('enough'));

    await expect(fetchApi('/api/shop/products', { signal: stop.signal })).rejects.toThrow('enough');
  });
});
