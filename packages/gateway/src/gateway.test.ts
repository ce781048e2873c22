import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';

const lines: unknown[] = [];
const mounted: string[] = [];

let gateway: TestGateway;
beforeAll(async () => {
  const note = (message: string, fields: unknown): void => void lines.push({ message, fields });
  gateway = await startTestGateway({
    logger: { info: note, warn: note, error: note },
    moreRoutes: [{ name: 'unreachable', prefix: '/unreachable', access: 'public', upstream: 'http://127.0.0.1:9' }],
    mounts: [
      {
        name: 'auth',
        prefix: '/auth',
        access: 'optional',
        slide: false,
        handle: (_request, response, context) => {
          mounted.push(context.caller.kind);
          response.end(JSON.stringify(context));
        },
      },
      {
        name: 'broken',
        prefix: '/broken',
        access: 'public',
        slide: false,
        handle: () => Promise.reject(new Error('secret')),
      },
    ],
  });
});
afterAll(() => gateway.close());
afterEach(() => {
  lines.length = 0;
});

const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', Accept: 'text/html' };

describe('a mount', () => {
  it('says that no other page is told of its address, unless it says otherwise', async () => {
    for (const caller of [{}, cookie(gateway.sessions.add())]) {
      const answer = await gateway.send('GET', '/auth/session', caller);
      expect(answer.headers['referrer-policy']).toBe('no-referrer');
    }
  });
});

describe('a session that ended', () => {
  it('is refused on the very next request', async () => {
    const token = gateway.sessions.add();
    expect((await gateway.send('GET', '/api/x', cookie(token))).status).toBe(200);
    const sid = gateway.sessions.sidOf(token);
    gateway.sessions.remove(token);
    await gateway.bus.revoke('session', sid);
    expect((await gateway.send('GET', '/api/x', cookie(token))).status).toBe(401);
  });

  it('is 503 when the store cannot say, with the cookie untouched, also on routes for anonymous callers', async () => {
    const token = gateway.sessions.add();
    gateway.sessions.beforeAnswer = () => Promise.reject(new Error('database is locked'));
    for (const target of ['/api/x', '/page', '/auth/session']) {
      const answer = await gateway.send('GET', target, cookie(token));
      expect(answer.status).toBe(503);
      expect(answer.headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
      expect(answer.headers).not.toHaveProperty('set-cookie');
    }
    expect((await gateway.send('GET', '/public/x', cookie(token))).status).toBe(200);
    gateway.sessions.beforeAnswer = async () => {};
    expect((await gateway.send('GET', '/api/x', cookie(token))).status).toBe(200);
  });
});

describe('mounts', () => {
  it('hear who is calling, and where from', async () => {
    const answer = await gateway.send('GET', '/auth/session', cookie(gateway.sessions.add()));
    expect(JSON.parse(answer.body)).toMatchObject({
      clientAddress: '127.0.0.1',
      caller: { kind: 'user', id: 'alice' },
    });
    expect(answer.headers).toHaveProperty('x-request-id');
  });

  it('see a stranger behind a dead cookie', async () => {
    await gateway.send('GET', '/auth/session', cookie('x'.repeat(43)));
    expect(mounted.at(-1)).toBe('anonymous');
  });

  it.each([
    ['a foreign page', { Origin: 'https://evil.test' }, 403],
    ['a foreign page by Fetch Metadata', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['a tool', {}, 200],
    ['our own page', { Origin: 'https://app.test' }, 200],
  ])('accept a sign-in from %s or not', async (_name, headers, status) => {
    expect((await gateway.send('POST', '/auth/sign-in', headers, '{}')).status).toBe(status);
  });

  it('become a problem without a word of it when they break', async () => {
    const answer = await gateway.send('GET', '/broken');
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_INTERNAL' });
    expect(answer.body).not.toContain('secret');
    expect(lines).toContainEqual(expect.objectContaining({ message: 'a request failed' }));
  });
});

describe('error answers', () => {
  it('are a problem with the id of the request and the address of its explanation', async () => {
    const answer = await gateway.send('GET', '/unreachable');
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body)).toMatchObject({
      type: 'https://app.test/errors/SP_UPSTREAM_UNAVAILABLE',
      code: 'SP_UPSTREAM_UNAVAILABLE',
      requestId: answer.headers['x-request-id'],
    });
  });

  it('are a page for people, which runs nothing and repeats nothing', async () => {
    const answer = await gateway.send('GET', '/unreachable/secret-path?q=secret', navigation);
    expect(answer.status).toBe(502);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-frame-options': 'DENY' });
    expect(answer.body).not.toMatch(/secret|<script/);
    expect(answer.body).toContain(answer.headers['x-request-id']);
  });
});
