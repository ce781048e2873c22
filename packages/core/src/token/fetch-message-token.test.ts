import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchMessageToken, type MessageTokenQuestion } from './fetch-message-token.ts';
import { MessageTokenError } from './message-token-error.ts';
import { digestOfPayload, messageTokenType } from './message-token.ts';

const tokenOf = (typ: string): string =>
  `${Buffer.from(JSON.stringify({ alg: 'ES256', typ })).toString('base64url')}.e30.AAAA`;
const token = tokenOf(messageTokenType);
const expires_at = '2030-01-01T00:01:00.000Z';

let server: Server;
let internalUrl: string;
let seen: { readonly method: string; readonly url: string; readonly headers: object; readonly body: unknown }[] = [];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body: JSON.parse(body) });
      answer(response);
    });
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
  answer = send(200, { token, expires_at });
});

function send(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return (response: ServerResponse): void =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
}

const ask = (change: Partial<MessageTokenQuestion> = {}) =>
  fetchMessageToken({
    internalUrl,
    audience: 'billing',
    destination: 'invoice.create',
    authorization: 'Bearer a.b.c',
    ...change,
  });

async function errorOf(change: Partial<MessageTokenQuestion> = {}): Promise<MessageTokenError> {
  const error: unknown = await ask(change).catch((thrown: unknown) => thrown);
  if (error instanceof MessageTokenError) return error;
  throw new TypeError(`not a MessageTokenError: ${String(error)}`);
}

describe('fetchMessageToken()', () => {
  it('asks with the token of the user, for one consumer and one message', async () => {
    const digest = digestOfPayload({ total: 12 });
    expect(await ask({ digest, requestId: 'req-1' })).toEqual({ token, expiresAt: new Date(expires_at) });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: '/internal/message-tokens',
        headers: { authorization: 'Bearer a.b.c', 'x-request-id': 'req-1' },
        body: { audience: 'billing', to: 'invoice.create', sha256: digest },
      },
    ]);
  });

  it.each([
    { status: 401, code: 'SP_TOKEN_EXPIRED', kind: 'caller-unknown' },
    { status: 403, code: 'SP_FORBIDDEN', kind: 'not-permitted' },
    { status: 404, code: 'SP_NOT_FOUND', kind: 'not-found' },
    { status: 429, code: 'SP_TOO_MANY_REQUESTS', kind: 'unavailable' },
    { status: 503, code: 'SP_STORE_UNAVAILABLE', kind: 'unavailable' },
    { status: 404, code: 'NOT_OURS', kind: 'unreadable' },
    { status: 400, code: undefined, kind: 'unreadable' },
  ])('tells $status $code as $kind', async ({ status, code, kind }) => {
    answer = send(status, { code, requestId: 'req-2' }, { 'retry-after': '3' });
    expect(await errorOf()).toMatchObject({ kind, status, retryAfterSeconds: 3 });
  });

  it.each([
    { name: 'a token of requests', body: { token: tokenOf('at+jwt'), expires_at } },
    { name: 'no token', body: { expires_at } },
    { name: 'no JSON', body: '<html>' },
  ])('takes nothing from what answers $name', async ({ body }) => {
    answer = send(200, body);
    expect((await errorOf()).kind).toBe('unreadable');
  });

  it('asks nothing without the token of a user', async () => {
    for (const authorization of [undefined, '', 'Basic x', 'Bearer a b'])
      expect((await errorOf({ authorization })).kind).toBe('caller-unknown');
    expect(seen).toEqual([]);
  });

  it.each([
    { name: 'an odd name of a service', change: { audience: 'Billing!' } },
    { name: 'no destination', change: { destination: '' } },
    { name: 'an endless destination', change: { destination: 'x'.repeat(513) } },
    { name: 'a digest that is none', change: { digest: 'short' } },
  ])('asks nothing for $name', async ({ change }) => {
    await expect(ask(change)).rejects.toThrow(TypeError);
    expect(seen).toEqual([]);
  });

  it('waits no longer than it may, and tells that from the end of its caller', async () => {
    answer = () => {};
    expect((await errorOf({ timeoutMilliseconds: 50 })).kind).toBe('unreachable');
    const reason = new Error('the user left');
    await expect(ask({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
