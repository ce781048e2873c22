import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchProviderToken } from './fetch-provider-token.ts';
import { ProviderTokenError } from './provider-token-error.ts';

let server: Server;
let internalUrl: string;
let seen: IncomingMessage[] = [];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  internalUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  seen = [];
  answer = send(200, { provider: 'google', access_token: 'ya29', token_type: 'Bearer' });
});

function send(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return (response: ServerResponse): void =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
}

const ask = (change: Partial<Parameters<typeof fetchProviderToken>[0]> = {}) =>
  fetchProviderToken({ internalUrl, provider: 'google', authorization: 'Bearer a.b.c', ...change });

async function kindOf(change: Partial<Parameters<typeof fetchProviderToken>[0]> = {}): Promise<unknown> {
  const error: unknown = await ask(change).catch((thrown: unknown) => thrown);
  return error instanceof ProviderTokenError ? error.kind : error;
}

describe('fetchProviderToken()', () => {
  it('asks with the token of the user, and reads what is handed out', async () => {
    const body = { provider: 'google', access_token: 'ya29', token_type: 'Bearer', scope: 'openid drive' };
    answer = send(200, { ...body, expires_at: '2030-01-01T00:00:00.000Z' });
    expect(await ask({ requestId: 'req-1' })).toEqual({
      provider: 'google',
      accessToken: 'ya29',
      expiresAt: new Date('2030-01-01T00:00:00.000Z'),
      scopes: ['openid', 'drive'],
    });
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/internal/provider-tokens/google' });
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer a.b.c', 'x-request-id': 'req-1' });
  });

  it('knows no end and no scopes where the provider said none', async () => {
    expect(await ask()).toEqual({ provider: 'google', accessToken: 'ya29', expiresAt: undefined, scopes: [] });
  });

  it.each([
    { status: 401, code: 'SP_TOKEN_EXPIRED', kind: 'caller-unknown' },
    { status: 401, code: 'SP_UNAUTHENTICATED', kind: 'caller-unknown' },
    { status: 403, code: 'SP_FORBIDDEN', kind: 'not-permitted' },
    { status: 403, code: 'SP_ACCOUNT_DISABLED', kind: 'not-permitted' },
    { status: 404, code: 'SP_NOT_FOUND', kind: 'not-found' },
    { status: 404, code: 'SP_PROVIDER_NOT_CONNECTED', kind: 'not-connected' },
    { status: 409, code: 'SP_PROVIDER_SIGN_IN_REQUIRED', kind: 'sign-in-required' },
    { status: 429, code: 'SP_TOO_MANY_REQUESTS', kind: 'unavailable' },
    { status: 503, code: 'SP_PROVIDER_UNAVAILABLE', kind: 'unavailable' },
    { status: 503, code: 'SP_STORE_UNAVAILABLE', kind: 'unavailable' },
  ])('tells $status $code as $kind', async ({ status, code, kind }) => {
    answer = send(status, { code, requestId: 'req-7' }, { 'retry-after': '3' });
    await expect(ask()).rejects.toMatchObject({ kind, status, requestId: 'req-7', retryAfterSeconds: 3 });
  });

  it.each([
    { name: '404 of another server', sent: send(404, '<h1>Not found</h1>') },
    { name: '401 of another server', sent: send(401, {}) },
    { name: 'a page', sent: send(200, '<html>') },
    {
      name: 'a token of another provider',
      sent: send(200, { provider: 'acme', access_token: 'x', token_type: 'Bearer' }),
    },
    { name: 'no token', sent: send(200, { provider: 'google', access_token: '', token_type: 'Bearer' }) },
    { name: 'a code that is none', sent: send(404, { code: 'toString' }) },
  ])('tells $name as unreadable', async ({ sent }) => {
    answer = sent;
    expect(await kindOf()).toBe('unreadable');
  });

  it('tells an outage of what stands in between as one, whatever it says', async () => {
    answer = send(502, '<html>');
    expect(await kindOf()).toBe('unavailable');
  });

  it('follows no redirect, and waits no longer than it may', async () => {
    answer = (response) => void response.writeHead(302, { location: '/elsewhere' }).end();
    expect(await kindOf()).toBe('unreachable');
    answer = () => {};
    expect(await kindOf({ timeoutMilliseconds: 100 })).toBe('unreachable');
    expect(await kindOf({ internalUrl: 'http://127.0.0.1:1' })).toBe('unreachable');
    expect(seen.map(({ url }) => url)).not.toContain('/elsewhere');
  });

  it.each([undefined, '', 'Basic x', 'Bearer', 'Bearer a b'])(
    'asks nothing without a token: %s',
    async (authorization) => {
      expect(await kindOf({ authorization })).toBe('caller-unknown');
      expect(seen).toEqual([]);
    },
  );

  it.each(['', '../keys', 'Google', 'google?x=1'])('asks nothing for a name that is none: "%s"', async (provider) => {
    await expect(ask({ provider })).rejects.toThrow(TypeError);
    expect(seen).toEqual([]);
  });

  it('ends with the reason of the caller', async () => {
    const reason = new Error('stopped');
    await expect(ask({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('keeps every token out of its errors', async () => {
    answer = send(403, { code: 'SP_FORBIDDEN', access_token: 'ya29' });
    const error: unknown = await ask().catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error) + String(error)).not.toMatch(/ya29|a\.b\.c/);
  });
});
