import { SallyportError } from '@sallyport/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGateway } from './gateway.ts';
import type { RequestRecord } from './record/record.ts';
import { cookie, route, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { createTestKeyRing } from './test-support/test-key-ring.ts';
import { createTestBus, createTestSessions } from './test-support/test-sessions.ts';
import { createGatewayTraces } from './record/traces.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
let time = start;
const lines: unknown[] = [];
const refusals: RequestRecord[] = [];
const traces = createGatewayTraces();
const mounted: string[] = [];

let gateway: TestGateway;
beforeAll(async () => {
  const note = (message: string, fields: unknown): void => void lines.push({ message, fields });
  gateway = await startTestGateway({
    now: () => new Date(time),
    accessLog: true,
    logger: { info: note, warn: note, error: note },
    traces,
    onRefusal: (record) => refusals.push(record),
    moreRoutes: [
      { name: 'stripped', prefix: '/api/shop', stripPrefix: true, audience: 'shop', permissions: ['product:*'] },
      { name: 'shop-again', prefix: '/api/shop/again', audience: 'shop', permissions: ['product:*'] },
      { name: 'permission', prefix: '/needs', access: { permissions: ['product:delete'] } },
      { name: 'step-up', prefix: '/strong', stepUp: { acr: 'mfa', maxAgeSeconds: 300 } },
      { name: 'internal-only', prefix: '/service', access: 'service' },
      { name: 'reads-only', prefix: '/reads', methods: ['GET'] },
      { name: 'still', prefix: '/still', slide: false },
      { name: 'fresh', prefix: '/fresh', fresh: true },
      { name: 'other-host', prefix: '/public', hosts: ['shop.test'], access: 'signed-in' },
      { name: 'unreachable', prefix: '/unreachable', access: 'public', upstream: 'http://127.0.0.1:9' },
    ],
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
beforeEach(() => gateway.upstream.reset());
afterEach(() => {
  time = start;
  lines.length = 0;
  refusals.length = 0;
});

const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', Accept: 'text/html' };

describe('a signed-in request', () => {
  it('reaches the upstream with a token for its audience instead of the cookie', async () => {
    const token = gateway.sessions.add();
    const answer = await gateway.send('GET', '/api/products?page=2', { Cookie: `a=1; __Host-sallyport=${token}; b=2` });
    expect(answer.status).toBe(200);
    const [seen] = gateway.upstream.seen;
    expect(seen).toMatchObject({ method: 'GET', target: '/api/products?page=2' });
    expect(seen?.headers['cookie']).toBe('a=1; b=2');
    expect(claimsOf(seen?.headers['authorization'])).toMatchObject({
      iss: 'https://app.test/internal',
      aud: 'api',
      sub: 'alice',
      scope: 'product:read',
      sid: gateway.sessions.sidOf(token),
      exp: start / 1000 + 60,
    });
    expect(answer.headers['cache-control']).toBe('private, no-store');
    expect(answer.headers['vary']).toBe('Cookie');
  });

  it('carries the profile only where the route asks for it', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/page', cookie(token));
    await gateway.send('GET', '/api/x', cookie(token));
    const [page, api] = gateway.upstream.seen.map((seen) => claimsOf(seen.headers['authorization']));
    expect(page).toMatchObject({ name: 'Alice Example', email: 'alice@example.test' });
    expect(api).not.toHaveProperty('email');
  });

  it.each([
    ['/api/shop/products?a=1', '/products?a=1'],
    ['/api/shop', '/'],
    ['/api/shop?a=/b', '/?a=/b'],
    ['/%61pi/sho%70/x%20y', '/x%20y'],
    ['/api/shop/', '/'],
  ])('loses the prefix that its route strips: %s', async (target, expected) => {
    await gateway.send('GET', target, cookie(gateway.sessions.add()));
    expect(gateway.upstream.seen[0]?.target).toBe(expected);
    expect(gateway.upstream.seen[0]?.headers['x-forwarded-prefix']).toBe('/api/shop');
  });
});

describe('translation', () => {
  it('signs once for a hundred requests at once, and reads the session once', async () => {
    const token = gateway.sessions.add();
    const { signatureCount } = gateway.keyRing;
    const { reads } = gateway.sessions;
    await Promise.all(Array.from({ length: 100 }, () => gateway.send('GET', '/api/x', cookie(token))));
    expect(new Set(gateway.upstream.seen.map((seen) => seen.headers['authorization'])).size).toBe(1);
    expect(gateway.keyRing.signatureCount - signatureCount).toBe(1);
    expect(gateway.sessions.reads - reads).toBe(1);
  });

  it('shares a token between routes of one audience that want the same of it', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/shop/x', cookie(token));
    const { signatureCount } = gateway.keyRing;
    await gateway.send('GET', '/api/shop/again/x', cookie(token));
    expect(gateway.keyRing.signatureCount).toBe(signatureCount);
  });

  it('signs again after half of the life, so that clocks may differ by the other half', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    time += 29_999;
    await gateway.send('GET', '/api/x', cookie(token));
    time += 1;
    await gateway.send('GET', '/api/x', cookie(token));
    const [first, second, third] = gateway.upstream.seen.map((seen) => seen.headers['authorization']);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('signs again when the clock was put back: no service accepts a token of the future', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    time -= 3_600_000;
    await gateway.send('GET', '/api/x', cookie(token));
    const [before, after] = gateway.upstream.seen.map((seen) => claimsOf(seen.headers['authorization']));
    expect(before).toMatchObject({ iat: Math.floor((time + 3_600_000) / 1000) });
    expect(after).toMatchObject({ iat: Math.floor(time / 1000) });
  });

  it('signs again when a generation grew', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    const demoted = gateway.sessions.add({
      sid: gateway.sessions.sidOf(token),
      permissions: [],
      generation: { session: 1, user: 2, policy: 1 },
    });
    await gateway.bus.revoke('user', 'alice');
    await gateway.send('GET', '/api/x', cookie(demoted));
    expect(claimsOf(gateway.upstream.seen[1]?.headers['authorization'])).toMatchObject({ scope: '', gen: { u: 2 } });
  });

  it('signs again when a key was withdrawn', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    const { signatureCount } = gateway.keyRing;
    await gateway.bus.revoke('key', 'k1');
    await gateway.send('GET', '/api/x', cookie(token));
    expect(gateway.keyRing.signatureCount).toBe(signatureCount + 1);
  });

  it('answers 503 and leaves the cookie alone when it may not sign', async () => {
    const keyRing = createTestKeyRing();
    const sign = (): never => {
      throw new SallyportError('SP_KEYS_UNAVAILABLE', { reason: 'key-ring-unconfirmed' });
    };
    const other = await startTestGateway({ keyRing: { ...keyRing, sign } });
    try {
      const answer = await other.send('GET', '/api/x', cookie(other.sessions.add()));
      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_KEYS_UNAVAILABLE' });
      expect(answer.headers['retry-after']).toBeDefined();
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(other.upstream.seen).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('does not sign again because another key signs from now on: what the last one signed holds', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    const { signatureCount } = gateway.keyRing;
    await gateway.bus.revoke('key', 'k2', 0);
    await gateway.send('GET', '/api/x', cookie(token));
    expect(gateway.keyRing.signatureCount).toBe(signatureCount);
  });

  it('does not sign again only because the session was read again', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    const { signatureCount } = gateway.keyRing;
    await gateway.bus.revoke('user', 'alice');
    await gateway.send('GET', '/api/x', cookie(token));
    expect(gateway.keyRing.signatureCount).toBe(signatureCount);
  });

  it('signs again after a gap, in which a key may have been withdrawn', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x', cookie(token));
    const { signatureCount } = gateway.keyRing;
    gateway.bus.gap();
    await gateway.send('GET', '/api/x', cookie(token));
    expect(gateway.keyRing.signatureCount).toBe(signatureCount + 1);
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

describe('activity', () => {
  it('is written once in ten seconds, and moves the remembered idle expiry with it', async () => {
    const token = gateway.sessions.add({}, { idleSeconds: 30, idleExpiresAt: new Date(start + 30_000) });
    const sid = gateway.sessions.sidOf(token);
    const written = (): number[] =>
      gateway.sessions.activity.filter((one) => one.sid === sid).map((one) => one.at.getTime() - start);
    for (const second of [0, 5, 10, 15, 19, 25, 49]) {
      time = start + second * 1000;
      expect((await gateway.send('GET', '/api/x', cookie(token))).status).toBe(200);
    }
    expect(written()).toEqual([10_000, 25_000, 49_000]);
  });

  it.each([
    ['a route that does not slide', '/still', {}],
    ['a prefetch', '/api/x', { 'Sec-Purpose': 'prefetch' }],
    ['a prefetch of the Next.js router', '/page', { 'Next-Router-Prefetch': '1' }],
    ['a mount', '/auth/session', {}],
  ])('is not what %s is', async (_name, target, headers) => {
    const token = gateway.sessions.add();
    time += 20_000;
    await gateway.send('GET', target, { ...headers, ...cookie(token) });
    expect(gateway.sessions.activity.filter((one) => one.sid === gateway.sessions.sidOf(token))).toEqual([]);
  });

  it('reads the store every time where the route wants it fresh', async () => {
    const token = gateway.sessions.add();
    const { reads } = gateway.sessions;
    await gateway.send('GET', '/fresh', cookie(token));
    await gateway.send('GET', '/fresh', cookie(token));
    expect(gateway.sessions.reads - reads).toBe(2);
  });
});

describe('access', () => {
  it('sends a navigation to the sign-in page, and back afterwards', async () => {
    const answer = await gateway.send('GET', '/api/x?a=1&b=%2F', navigation);
    expect(answer.status).toBe(303);
    expect(answer.headers).toMatchObject({
      location: '/sign-in?returnTo=%2Fapi%2Fx%3Fa%3D1%26b%3D%252F',
      'cache-control': 'no-store',
    });
  });

  it.each([
    ['N08 a fetch', { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty', Accept: 'application/json' }],
    ['N10 a frame', { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe', Accept: 'text/html' }],
    ['N04 a request of the router', { ...navigation, RSC: '1' }],
    ['N07 a prefetch of the router', { ...navigation, 'Next-Router-Prefetch': '1' }],
    ['N07 a prefetch', { ...navigation, Purpose: 'prefetch' }],
    ['N07 a prefetch by its newer name', { ...navigation, 'Sec-Purpose': 'prefetch;prerender' }],
    ['curl', { Accept: '*/*' }],
  ])('answers 401 and no redirect to %s', async (_name, headers) => {
    const answer = await gateway.send('GET', '/api/x', headers);
    expect(answer.status).toBe(401);
    expect(answer.headers).not.toHaveProperty('location');
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it.each([
    ['a role that is missing', '/admin/x', {}, 403],
    ['a role that is there', '/admin/x', { roles: ['admin'] }, 200],
    ['a permission that is missing', '/needs', {}, 403],
    ['a permission that is there', '/needs', { permissions: ['product:delete'] }, 200],
    ['a route for services', '/service', {}, 403],
    ['a sign-in that is too weak', '/strong', {}, 401],
    ['a sign-in that is too old', '/strong', { acr: 'phr' as const, authTime: new Date(start - 301_000) }, 401],
    ['a sign-in that is strong and recent', '/strong', { acr: 'mfa' as const }, 200],
  ])('%s', async (_name, target, change, status) => {
    const answer = await gateway.send('GET', target, cookie(gateway.sessions.add(change)));
    expect(answer.status).toBe(status);
    expect(gateway.upstream.seen).toHaveLength(status === 200 ? 1 : 0);
  });

  it('says which sign-in would be enough', async () => {
    const answer = await gateway.send('GET', '/strong', cookie(gateway.sessions.add()));
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="sallyport", error="insufficient_user_authentication", acr_values="mfa", max_age=300',
    );
  });

  it('says it in the body too, for scripts', async () => {
    const answer = await gateway.send('GET', '/strong', cookie(gateway.sessions.add()));
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'SP_STEP_UP_REQUIRED',
      stepUp: { acr: 'mfa', maxAgeSeconds: 300 },
    });
  });

  it.each([
    ['too weak', {}],
    ['too old', { acr: 'mfa' as const, authTime: new Date(start - 301_000) }],
  ])('sends a person whose sign-in is %s to the page that answers it, and back', async (_name, change) => {
    const answer = await gateway.send('GET', '/strong/x?a=1', {
      ...cookie(gateway.sessions.add(change)),
      ...navigation,
    });
    expect(answer).toMatchObject({
      status: 303,
      headers: { location: '/step-up?returnTo=%2Fstrong%2Fx%3Fa%3D1&acr_values=mfa&max_age=300' },
    });
    expect(gateway.upstream.seen).toHaveLength(0);
  });

  it.each([
    ['a frame', { ...navigation, 'Sec-Fetch-Dest': 'iframe' }],
    ['the router of Next.js', { ...navigation, RSC: '1' }],
    ['a script', { 'Sec-Fetch-Mode': 'cors' }],
  ])('refuses %s where the sign-in is too weak, and sends it nowhere', async (_name, headers) => {
    const answer = await gateway.send('GET', '/strong', { ...cookie(gateway.sessions.add()), ...headers });
    expect(answer).toMatchObject({ status: 401 });
  });

  it('refuses a form that is sent with a sign-in that is too weak: a redirect would lose it', async () => {
    const headers = { ...cookie(gateway.sessions.add()), ...navigation, Origin: 'https://app.test' };
    const answer = await gateway.send('POST', '/strong', { ...headers, 'Sec-Fetch-Site': 'same-origin' }, 'x');
    expect(answer).toMatchObject({ status: 401 });
  });

  it('refuses a method that the winning route does not serve, whatever a shorter prefix would do', async () => {
    const answer = await gateway.send('POST', '/reads/x', { Origin: 'https://app.test' }, 'x');
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET');
  });

  it('gives a person a page, and a program a problem, for an address that can be read in two ways', async () => {
    const page = await gateway.send('GET', '/a%2fb', navigation);
    expect(page).toMatchObject({ status: 400, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(page.body).not.toContain('a%2fb');
    const problem = await gateway.send('GET', '/a%2fb');
    expect(problem).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json' } });
  });

  it('shows the public address to a client of an address that is not served', async () => {
    const page = await gateway.send('GET', '/', { ...navigation, Host: '127.0.0.1' });
    expect(page.status).toBe(421);
    expect(page.body).toContain('href="https://app.test/"');
    expect(page.body).not.toContain('127.0.0.1');
  });

  it('prefers the route that names the host', async () => {
    expect((await gateway.send('GET', '/public/x', { Host: 'shop.test' })).status).toBe(401);
    expect((await gateway.send('GET', '/public/x')).status).toBe(200);
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

describe('records', () => {
  it('hold one line per request, with a reason for a refusal and nothing secret', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x?canary=1', { ...cookie(token), 'X-Canary': 'canary' });
    await gateway.send('GET', '/api/x?canary=1');
    await expect.poll(() => lines.length).toBe(2);
    expect(lines[0]).toMatchObject({
      message: 'request',
      fields: { route: 'api', status: 200, subject: 'alice', decision: 'forward', tokenCache: 'miss' },
    });
    expect(lines[1]).toMatchObject({
      fields: { status: 401, decision: 'refuse', code: 'SP_UNAUTHENTICATED', reason: 'not-signed-in' },
    });
    expect(refusals).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toMatch(new RegExp(`${token}|canary|eyJ`));
  });

  it('keep the stages, the claims and never a token for the page of the session', async () => {
    const token = gateway.sessions.add();
    await gateway.send('GET', '/api/x?canary=1', cookie(token));
    await gateway.send('GET', '/admin/x', cookie(token));
    await expect.poll(() => traces.list(gateway.sessions.sidOf(token)).length).toBe(2);
    const [refused, passed] = traces.list(gateway.sessions.sidOf(token));
    expect(refused).toMatchObject({ status: 403, decision: 'refuse', reason: 'role-missing', signatures: 0 });
    expect(passed).toMatchObject({ path: '/api/x', sessionCache: 'miss', tokenCache: 'miss', signatures: 1 });
    expect(passed?.claims).toMatchObject({ aud: 'api', sub: 'alice' });
    expect(passed?.stages.map((stage) => stage.name)).toEqual([
      'firewall',
      'route',
      'limit-address',
      'authenticate',
      'limit-caller',
      'protect',
      'authorize',
      'translate',
    ]);
    expect(passed?.upstreamMilliseconds).toBeGreaterThan(0);
    expect(JSON.stringify([refused, passed])).not.toMatch(/canary|eyJ/);
  });
});

describe('the start', () => {
  const parts = {
    publicUrl: 'https://app.test',
    routes: [route({ name: 'shell', prefix: '/', access: 'optional' })],
    sessions: createTestSessions(),
    bus: createTestBus(),
    keyRing: createTestKeyRing(),
  };

  it.each([
    ['plain http in public', { publicUrl: 'http://app.test' }, /https/],
    ['a URL with a path', { publicUrl: 'https://app.test/x' }, /origin/],
    ['a token that lives too long', { tokenLifetimeSeconds: 3600 }, /tokenLifetimeSeconds/],
    ['a host that is none', { hosts: ['shop.test/x'] }, /hosts/],
    ['a promise of https for a day', { hsts: { maxAgeSeconds: 86_400 } }, /hsts/],
    ['trust in everybody', { trustedProxies: ['0.0.0.0/0'] }, /too wide/],
    ['trust in nothing that exists', { trustedProxies: ['*'] }, /not an address/],
    ['two routes that tie', { routes: [...parts.routes, route({ name: 'other', prefix: '/' })] }, /tie/],
    ['two routes of one name', { routes: [...parts.routes, route({ name: 'shell', prefix: '/x' })] }, /named/],
    ['a private route without protection', { routes: [route({ name: 'a', prefix: '/a', csrf: 'off' })] }, /csrf/],
  ])('is refused with %s', (_name, change, message) => {
    expect(() => createGateway({ ...parts, ...change })).toThrow(message);
  });

  it('names every problem at once', () => {
    expect(() => createGateway({ ...parts, tokenLifetimeSeconds: 1, hosts: ['/'] })).toThrow(
      /hosts[\s\S]*tokenLifetimeSeconds/,
    );
  });

  it('names a port that is taken', async () => {
    const second = createGateway(parts);
    await expect(second.listen({ host: '127.0.0.1', port: gateway.port })).rejects.toThrow(`port ${gateway.port}`);
    await second.close();
  });
});

function claimsOf(authorization: string | string[] | undefined): unknown {
  const payload = String(authorization).split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}
