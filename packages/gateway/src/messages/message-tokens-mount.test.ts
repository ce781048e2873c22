import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createLocalKeySource,
  createMessageTokenVerifier,
  createTokenVerifier,
  digestOfPayload,
  type MessageTokenAnswer,
} from '@sallyport/core';
import { request, type RawAnswer } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const place = '/internal/message-tokens';
const payload = { total: 12 };
const sha256 = digestOfPayload(payload);
const invoice = { audience: 'billing', to: 'invoice.create', sha256 };

const messages = {
  consumers: {
    billing: { callers: ['orders', 'shell'], permissions: ['invoice:*', 'a:read'], profile: false },
    mails: { callers: ['orders'], permissions: [], profile: true },
    archive: { callers: ['files'], permissions: ['*'], profile: false },
  },
};

let now = new Date('2030-01-01T00:00:00.000Z');
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    now: () => now,
    messages,
    moreRoutes: [
      { name: 'orders', prefix: '/orders', permissions: ['a:*', 'b:read'], profile: true, callers: ['shell'] },
      { name: 'files', prefix: '/files', permissions: [] },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

const ask = (
  authorization: string | undefined,
  body: unknown = invoice,
  { method = 'POST', target = place, type = 'application/json' } = {},
): Promise<RawAnswer> => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return request(
    gateway.internalPort,
    method,
    target,
    {
      Host: `127.0.0.1:${gateway.internalPort}`,
      ...(authorization === undefined ? {} : { Authorization: authorization }),
      'Content-Type': type,
      'Content-Length': String(Buffer.byteLength(text)),
    },
    text,
  );
};

const permissions = ['a:read', 'a:write', 'b:read', 'invoice:create'];

/** The internal token that a service got for its user. */
async function tokenOf(prefix: string, session = gateway.sessions.add({ permissions })): Promise<string> {
  await gateway.send('GET', prefix === '' ? '/page' : `${prefix}/x`, cookie(session));
  return String(gateway.upstream.seen.at(-1)?.headers['authorization']);
}

function readAnswer({ status, body }: RawAnswer): MessageTokenAnswer {
  expect([status, body]).toMatchObject([200, expect.stringContaining('token')]);
  return JSON.parse(body) as MessageTokenAnswer;
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Readonly<
    Record<string, unknown>
  >;
}

const trust = (audience: string) => ({
  issuer: 'https://app.test/internal',
  audience,
  keys: createLocalKeySource(gateway.keyRing.publicKeys('internal')),
  now: () => now,
});

describe('a service that sends messages for its users', () => {
  it('gets a token that its consumer takes for this message', async () => {
    const answer = await ask(await tokenOf('/orders'));
    expect(answer.headers['cache-control']).toBe('no-store');
    const { token } = readAnswer(answer);
    const verify = createMessageTokenVerifier(trust('billing'));
    const verified = await verify(token, { destination: 'invoice.create', digest: () => digestOfPayload(payload) });
    expect(verified.principal).toMatchObject({ id: 'alice', actor: { id: 'orders' } });
    await expect(
      verify(token, { destination: 'invoice.create', digest: () => digestOfPayload({ total: 13 }) }),
    ).rejects.toMatchObject({ code: 'SP_TOKEN_INVALID', reason: 'payload-was-changed' });
  });

  it('gets nothing that a service would take for a request, or the gateway for a call', async () => {
    const { token } = readAnswer(await ask(await tokenOf('/orders'), { ...invoice, audience: 'billing' }));
    await expect(createTokenVerifier(trust('billing')).verify(token)).rejects.toMatchObject({
      code: 'SP_TOKEN_INVALID',
    });
    expect((await ask(`Bearer ${token}`)).status).toBe(401);
  });

  it('passes on no more than it was told, and no more than the consumer asks for', async () => {
    const { token } = readAnswer(await ask(await tokenOf('/orders')));
    // The user holds invoice:create, and the service was not told of it.
    expect(claimsOf(token)).toMatchObject({ scope: 'a:read', msg: { to: 'invoice.create', sha256 } });
    expect(claimsOf(token)).not.toHaveProperty('email');
  });

  it('passes the profile on where both sides have it', async () => {
    const { token } = readAnswer(await ask(await tokenOf('/orders'), { ...invoice, audience: 'mails' }));
    expect(claimsOf(token)).toMatchObject({ scope: '', email: expect.any(String) as unknown });
  });

  it('names who acted before it', async () => {
    await request(gateway.internalPort, 'GET', '/orders/x', {
      Host: `127.0.0.1:${gateway.internalPort}`,
      Authorization: await tokenOf(''),
    });
    const { token } = readAnswer(await ask(String(gateway.upstream.seen.at(-1)?.headers['authorization'])));
    expect(claimsOf(token)).toMatchObject({ act: { sub: 'orders', act: { sub: 'shell' } } });
  });

  it('gets a token that ends with the presented one', async () => {
    const presented = await tokenOf('/orders');
    now = new Date(now.getTime() + 40_000);
    const { token, expires_at } = readAnswer(await ask(presented));
    const { exp } = claimsOf(presented);
    expect(claimsOf(token)).toMatchObject({ exp });
    expect(Date.parse(expires_at)).toBe(Number(exp) * 1000);
  });

  it.each([
    {
      name: 'a consumer that does not list it',
      body: { ...invoice, audience: 'archive' },
      status: 403,
      code: 'SP_FORBIDDEN',
    },
    {
      name: 'a consumer that there is not',
      body: { ...invoice, audience: 'no-such-service' },
      status: 404,
      code: 'SP_NOT_FOUND',
    },
    {
      name: 'a consumer of an odd name',
      body: { ...invoice, audience: 'constructor' },
      status: 404,
      code: 'SP_NOT_FOUND',
    },
    { name: 'no destination', body: { ...invoice, to: '' }, status: 422, code: 'SP_VALIDATION_FAILED' },
    { name: 'a digest that is none', body: { ...invoice, sha256: 'abc' }, status: 422, code: 'SP_VALIDATION_FAILED' },
    { name: 'a member too many', body: { ...invoice, sub: 'bob' }, status: 422, code: 'SP_VALIDATION_FAILED' },
    { name: 'what is no JSON', body: '{', status: 400, code: 'SP_JSON_MALFORMED' },
    {
      name: 'more than any question holds',
      body: { ...invoice, to: 'x'.repeat(5000) },
      status: 413,
      code: 'SP_BODY_TOO_LARGE',
    },
  ])('gets nothing for $name', async ({ body, status, code }) => {
    const answer = await ask(await tokenOf('/orders'), body);
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([status, { code }]);
  });

  it.each([
    { change: { method: 'PUT' }, status: 405 },
    { change: { target: `${place}?audience=billing` }, status: 404 },
    { change: { target: `${place}/billing` }, status: 404 },
    { change: { type: 'text/plain' }, status: 415 },
  ])('gets nothing by another request: %j', async ({ change, status }) => {
    expect((await ask(await tokenOf('/orders'), invoice, change)).status).toBe(status);
  });

  it('gets nothing for a session that has ended, or after the end of its own token', async () => {
    const session = gateway.sessions.add({ permissions });
    const presented = await tokenOf('/orders', session);
    const sid = gateway.sessions.sidOf(session);
    gateway.sessions.remove(session);
    await gateway.bus.revoke('session', sid);
    const live = await tokenOf('/orders');
    now = new Date(now.getTime() + 61_000);
    for (const token of [presented, live]) expect((await ask(token)).status).toBe(401);
  });
});

it.each([
  { name: 'no token', authorization: async () => undefined, status: 401 },
  { name: 'a token that is made up', authorization: async () => 'Bearer x.y.z', status: 401 },
  { name: 'the token of a service that no consumer lists', authorization: () => tokenOf('/api'), status: 403 },
])('a caller with $name gets no message sealed', async ({ authorization, status }) => {
  expect((await ask(await authorization())).status).toBe(status);
});

it('the public listener has no such address, also behind a route for everything', async () => {
  const sent = { ...cookie(gateway.sessions.add()), 'Content-Type': 'application/json', Origin: 'https://app.test' };
  const answer = await gateway.send('POST', place, sent, JSON.stringify(invoice));
  expect(answer.status).toBe(404);
  expect(gateway.upstream.seen).toEqual([]);
});

it('a gateway without consumers has no such address', async () => {
  const other = await startTestGateway();
  try {
    const headers = { Host: `127.0.0.1:${other.internalPort}` };
    expect((await request(other.internalPort, 'POST', place, headers)).status).toBe(404);
  } finally {
    await other.close();
  }
});

it('a consumer cannot name a caller that no route knows', async () => {
  await expect(
    startTestGateway({
      messages: { consumers: { billing: { callers: ['no-such-service'], permissions: [], profile: false } } },
    }),
  ).rejects.toThrow('messages.consumers.billing names the caller "no-such-service"');
});
