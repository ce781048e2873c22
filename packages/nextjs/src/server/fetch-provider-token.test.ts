import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { internalKeysPath } from '@sallyport/core';
import { createTestIssuer, type TestIssuer } from '@sallyport/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchProviderToken } from './fetch-provider-token.ts';

const request = vi.hoisted(() => ({ headers: new Headers() }));
vi.mock('server-only', () => ({}));
vi.mock('next/headers.js', () => ({ headers: async () => request.headers }));

let issuer: TestIssuer;
let server: Server;
let seen: IncomingMessage[] = [];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  issuer = createTestIssuer({ audience: 'shell' });
  server = createServer((incoming, response) => {
    if (incoming.url === internalKeysPath) return void response.end(JSON.stringify(issuer.jwks()));
    seen.push(incoming);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  seen = [];
  answer = say(200, { provider: 'google', access_token: 'ya29', token_type: 'Bearer' });
  request.headers = new Headers();
  vi.stubEnv('SALLYPORT_PUBLIC_URL', 'http://localhost:3000');
  // A server that listens on a port, not on a pipe, has an address of this shape.
  vi.stubEnv('SALLYPORT_INTERNAL_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('SALLYPORT_AUDIENCE', 'shell');
});
afterEach(() => vi.unstubAllEnvs());

function say(status: number, body: object) {
  return (response: ServerResponse): void => void response.writeHead(status).end(JSON.stringify(body));
}

describe('fetchProviderToken()', () => {
  it('gets the token of the person who is asking, with the token of this application', async () => {
    request.headers = new Headers({ authorization: `Bearer ${issuer.sign()}`, 'x-request-id': 'req-1' });
    expect(await fetchProviderToken('google')).toMatchObject({ provider: 'google', accessToken: 'ya29' });
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/internal/provider-tokens/google' });
    expect(seen[0]?.headers).toMatchObject({
      authorization: request.headers.get('authorization'),
      'x-request-id': 'req-1',
    });
    expect(seen[0]?.headers).not.toHaveProperty('cookie');
  });

  it('asks nothing for a person who is not signed in', async () => {
    await expect(fetchProviderToken('google')).rejects.toMatchObject({ kind: 'caller-unknown' });
    expect(seen).toEqual([]);
  });

  it.each([
    { status: 401, code: 'SP_TOKEN_INVALID', kind: 'caller-unknown' },
    { status: 403, code: 'SP_FORBIDDEN', kind: 'not-permitted' },
    { status: 404, code: 'SP_PROVIDER_NOT_CONNECTED', kind: 'not-connected' },
    { status: 409, code: 'SP_PROVIDER_SIGN_IN_REQUIRED', kind: 'sign-in-required' },
    { status: 503, code: 'SP_STORE_UNAVAILABLE', kind: 'unavailable' },
  ])('tells $status as $kind', async ({ status, code, kind }) => {
    request.headers = new Headers({ authorization: `Bearer ${issuer.sign()}` });
    answer = say(status, { code });
    await expect(fetchProviderToken('google')).rejects.toMatchObject({ name: 'ProviderTokenError', kind, code });
  });

  it('ends with the reason of its signal', async () => {
    request.headers = new Headers({ authorization: `Bearer ${issuer.sign()}` });
    const reason = new Error('stopped');
    await expect(fetchProviderToken('google', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
