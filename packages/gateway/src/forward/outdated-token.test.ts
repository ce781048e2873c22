import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
let session: string;
beforeEach(async () => {
  gateway = await startTestGateway({ moreRoutes: [{ name: 'stream', prefix: '/stream', streaming: true }] });
  session = gateway.sessions.add();
});
afterEach(() => gateway.close());

const challenge = { 'www-authenticate': 'Bearer realm="sallyport"', 'content-type': 'application/problem+json' };

/** A service that hears of revocations: it refuses what was made before the generation that it knows of. */
function hearsOf(generation: number, headers: Readonly<Record<string, string>> = challenge): void {
  gateway.upstream.answer = (request, response) => {
    const payload = String(request.headers.authorization).split('.')[1] ?? '';
    const { gen } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { gen: { u: number } };
    if (gen.u >= generation) response.end(`served in generation ${gen.u}`);
    else response.writeHead(401, headers).end('{"code":"SP_UNAUTHENTICATED"}');
  };
}

/** The role changes; this gateway has not heard of it yet. */
function changeRole(): void {
  gateway.sessions.change(session, { roles: ['vendor'], generation: { session: 1, user: 2, policy: 1 } });
}

describe('a token that its service refuses, since its caller got other rights meanwhile', () => {
  beforeEach(async () => {
    await gateway.send('GET', '/api/x', cookie(session));
    hearsOf(2);
    changeRole();
    gateway.upstream.seen.length = 0;
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('is renewed, and %s asked once more', async (method) => {
    const answer = await gateway.send(method, '/api/x', { ...cookie(session), 'Sec-Fetch-Site': 'same-origin' });
    expect(answer.status).toBe(200);
    if (method !== 'HEAD') expect(answer.body).toBe('served in generation 2');
    expect(gateway.upstream.seen).toHaveLength(2);
  });

  it('is renewed on a streaming route, whose stream is the only one of its session', async () => {
    const answer = await gateway.send('GET', '/stream/x', cookie(session));
    expect([answer.status, answer.body]).toEqual([200, 'served in generation 2']);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('makes %s 503 and to be repeated by the client', async (method) => {
    const headers = { ...cookie(session), Origin: 'https://app.test' };
    const answer = await gateway.send(method, '/api/x', headers, method === 'DELETE' ? '' : 'once');
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(gateway.upstream.seen).toHaveLength(1);
    expect((await gateway.send(method, '/api/x', headers, method === 'DELETE' ? '' : 'once')).status).toBe(200);
  });

  it('is asked about once: a service that refuses the new one as well has its way', async () => {
    hearsOf(3);
    const answer = await gateway.send('GET', '/api/x', cookie(session));
    expect([answer.status, answer.body]).toEqual([401, '{"code":"SP_UNAUTHENTICATED"}']);
    expect(gateway.upstream.seen).toHaveLength(2);
  });

  it('leads to what the route demands now', async () => {
    gateway.sessions.change(session, { roles: [], generation: { session: 1, user: 2, policy: 1 } });
    expect((await gateway.send('GET', '/api/x', cookie(session))).status).toBe(200);
  });
});

describe('a refused token', () => {
  it('of a session that has ended is 401, or leads people to sign in', async () => {
    await gateway.send('GET', '/api/x', cookie(session));
    hearsOf(2);
    gateway.sessions.remove(session);
    const answer = await gateway.send('GET', '/api/x', cookie(session));
    expect(answer.status).toBe(401);
    expect(answer.body).toContain('SP_UNAUTHENTICATED');
    expect(gateway.upstream.seen).toHaveLength(2);
  });

  it('in answer to a HEAD passes as well', async () => {
    hearsOf(2);
    const answer = await gateway.send('HEAD', '/api/x', cookie(session));
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="sallyport"']);
    expect(gateway.upstream.seen).toHaveLength(1);
  });

  it('of a session that is as it was passes with its answer, once', async () => {
    hearsOf(2);
    const answer = await gateway.send('GET', '/api/x', cookie(session));
    expect([answer.status, answer.body]).toEqual([401, '{"code":"SP_UNAUTHENTICATED"}']);
    expect(gateway.upstream.seen).toHaveLength(1);
  });

  it.each([
    ['without a challenge', {}],
    ['with another challenge', { 'www-authenticate': 'Basic realm="inner"' }],
  ])('is no such thing %s', async (_, headers) => {
    hearsOf(2, headers);
    changeRole();
    const { reads } = gateway.sessions;
    expect((await gateway.send('GET', '/api/x', cookie(session))).status).toBe(200);
    hearsOf(3, headers);
    expect((await gateway.send('GET', '/api/x', cookie(session))).status).toBe(401);
    expect(gateway.sessions.reads - reads).toBe(1);
  });

  it('is 503 where the store does not answer', async () => {
    await gateway.send('GET', '/api/x', cookie(session));
    hearsOf(2);
    gateway.sessions.beforeAnswer = () => Promise.reject(new Error('gone'));
    expect((await gateway.send('GET', '/api/x', cookie(session))).status).toBe(503);
  });
});
