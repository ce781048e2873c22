import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTestKeyRing } from '../test-support/test-key-ring.ts';
import { createTestBus, createTestSessions, type TestBus, type TestSessions } from '../test-support/test-sessions.ts';
import { sessionToToken } from './index.ts';

const keyRing = createTestKeyRing();
let sessions: TestSessions;
let bus: TestBus;
let send: (path: string, init?: RequestInit) => Promise<Response>;
beforeEach(() => {
  sessions = createTestSessions();
  bus = createTestBus();
  const common = { publicUrl: 'https://app.test', sessions, keyRing, bus, audience: 'shop' };
  const app = new Hono()
    .all('/api/*', sessionToToken({ ...common, permissions: ['product:*'] }), (c) =>
      c.json({ caller: c.var.sallyport.caller.kind, upstream: Object.fromEntries(c.var.sallyport.headers) }),
    )
    .all('/open/*', sessionToToken({ ...common, access: 'optional' }), (c) => c.json(c.var.sallyport.caller));
  send = async (path, init) => app.request(path, init);
});

const cookie = (token: string): { cookie: string } => ({ cookie: `theme=dark; __Host-sallyport=${token}` });

describe('sessionToToken', () => {
  it('turns the cookie into a token for the audience, once for many requests', async () => {
    const token = sessions.add();
    const { signatureCount } = keyRing;
    const answers = await Promise.all(Array.from({ length: 20 }, () => send('/api/x', { headers: cookie(token) })));
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(bodies.map((body) => /Bearer [^"]+/.exec(body)?.[0])).size).toBe(1);
    expect(bodies[0]).toContain('"cookie":"theme=dark"');
    expect(bodies[0]).not.toContain(token);
    expect(keyRing.signatureCount - signatureCount).toBe(1);
    expect(sessions.reads).toBe(1);
    expect(answers[0]?.headers.get('cache-control')).toBe('private, no-store');
  });

  it('forgets a session the moment it ends', async () => {
    const token = sessions.add();
    expect((await send('/api/x', { headers: cookie(token) })).status).toBe(200);
    const sid = sessions.sidOf(token);
    sessions.remove(token);
    await bus.revoke('session', sid);
    expect((await send('/api/x', { headers: cookie(token) })).status).toBe(401);
  });

  it.each([
    ['nothing', {}, 'GET', 401],
    ['a bearer', { authorization: 'Bearer x' }, 'GET', 401],
    ['an unknown cookie', cookie('x'.repeat(43)), 'GET', 401],
    ['a foreign page', { origin: 'https://evil.test' }, 'POST', 403],
  ])('turns %s away', async (_name, headers, method, status) => {
    const answer = await send('/api/x', { method, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('refuses a cookie together with a bearer, and a change without a source', async () => {
    const token = sessions.add();
    const both = await send('/api/x', { headers: { ...cookie(token), authorization: 'Bearer x' } });
    expect(both.status).toBe(400);
    expect((await send('/api/x', { method: 'POST', headers: cookie(token) })).status).toBe(403);
    const own = await send('/api/x', { method: 'POST', headers: { ...cookie(token), origin: 'https://app.test' } });
    expect(own.status).toBe(200);
  });

  it('lets strangers through where that is allowed', async () => {
    expect(await (await send('/open/x')).json()).toEqual({ kind: 'anonymous' });
  });

  it('says 503 when the store cannot answer', async () => {
    sessions.beforeAnswer = () => Promise.reject(new Error('locked'));
    expect((await send('/api/x', { headers: cookie(sessions.add()) })).status).toBe(503);
  });

  it('drops what only a gateway may say', async () => {
    const token = sessions.add();
    const answer = await send('/api/x', { headers: { ...cookie(token), X_Sallyport_User: 'root', 'x-kept': '1' } });
    const body = await answer.text();
    expect(body).toContain('x-kept');
    expect(body).not.toContain('root');
  });
});
