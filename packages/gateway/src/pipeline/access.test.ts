import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const start = Date.parse('2026-01-01T00:00:00Z');

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    now: () => new Date(start),
    moreRoutes: [
      { name: 'permission', prefix: '/needs', access: { permissions: ['product:delete'] } },
      { name: 'step-up', prefix: '/strong', stepUp: { acr: 'mfa', maxAgeSeconds: 300 } },
      { name: 'members', prefix: '/members', access: 'optional', stepUp: { acr: 'mfa' } },
      { name: 'internal-only', prefix: '/service', access: 'service' },
      { name: 'reads-only', prefix: '/reads', methods: ['GET'] },
      { name: 'other-host', prefix: '/public', hosts: ['shop.test'], access: 'signed-in' },
    ],
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

const navigation = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', Accept: 'text/html' };

describe('access', () => {
  it('sends a navigation to the sign-in page, and back afterwards', async () => {
    const answer = await gateway.send('GET', '/api/x?a=1&b=%2F', navigation);
    expect(answer.status).toBe(303);
    expect(answer.headers).toMatchObject({
      location: '/auth/sign-in?returnTo=%2Fapi%2Fx%3Fa%3D1%26b%3D%252F',
      'cache-control': 'no-store',
    });
  });

  it('sends a navigation to the sign-in page that a service worker passed on', async () => {
    const passedOn = { ...navigation, 'Sec-Fetch-Dest': 'empty' };
    expect((await gateway.send('GET', '/api/x', passedOn)).status).toBe(303);
    expect((await gateway.send('POST', '/api/x', passedOn)).status).toBe(401);
  });

  it.each([
    ['N08 a fetch', { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty', Accept: 'application/json' }],
    ['a fetch that takes a page', { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty', Accept: 'text/html' }],
    ['an embedded object', { ...navigation, 'Sec-Fetch-Dest': 'object' }],
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

  it('lets strangers through no route that asks for a strong sign-in, also where a sign-in is optional', async () => {
    expect((await gateway.send('GET', '/members')).status).toBe(401);
    const page = await gateway.send('GET', '/members', navigation);
    expect(page).toMatchObject({ status: 303, headers: { location: '/auth/sign-in?returnTo=%2Fmembers' } });
    expect(gateway.upstream.seen).toHaveLength(0);
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
      headers: { location: '/auth/confirm?returnTo=%2Fstrong%2Fx%3Fa%3D1&acr_values=mfa&max_age=300' },
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

  describe('to a Server Action of Next.js', () => {
    const action = { 'Next-Action': '7f3a', Accept: 'text/x-component', 'Sec-Fetch-Site': 'same-origin' };

    it('says where its page goes when the session is over, and back to that page', async () => {
      const ended = cookie('a'.repeat(43));
      const answer = await gateway.send('POST', '/api/x?a=1;b', { ...action, ...ended }, '[]');
      expect(answer).toMatchObject({
        status: 401,
        headers: { 'x-action-redirect': '/auth/sign-in?returnTo=%2Fapi%2Fx%3Fa%3D1%3Bb;push' },
      });
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_UNAUTHENTICATED' });
      expect(gateway.upstream.seen).toHaveLength(0);
    });

    it('says where its page goes when the sign-in is too weak', async () => {
      const session = cookie(gateway.sessions.add());
      const answer = await gateway.send('POST', '/strong/x', { ...action, ...session }, '[]');
      expect(answer).toMatchObject({
        status: 401,
        headers: { 'x-action-redirect': '/auth/confirm?returnTo=%2Fstrong%2Fx&acr_values=mfa&max_age=300;push' },
      });
    });

    it.each([
      { name: 'of another site', method: 'POST', target: '/api/x', change: { 'Sec-Fetch-Site': 'cross-site' } },
      { name: 'by GET', method: 'GET', target: '/api/x', change: {} },
      { name: 'for services', method: 'POST', target: '/service', change: {} },
      { name: 'that lacks a role', method: 'POST', target: '/admin/x', change: {}, isSignedIn: true },
    ])('leads to no page when it is one $name', async ({ method, target, change, isSignedIn = false }) => {
      const session = isSignedIn ? cookie(gateway.sessions.add()) : {};
      const answer = await gateway.send(method, target, { ...action, ...session, ...change });
      expect(answer.status).toBeGreaterThanOrEqual(401);
      expect(answer.headers).not.toHaveProperty('x-action-redirect');
    });

    it('leads to no page when it is no Server Action', async () => {
      const { 'Next-Action': _, ...fetched } = action;
      const answer = await gateway.send('POST', '/api/x', fetched, '[]');
      expect(answer.status).toBe(401);
      expect(answer.headers).not.toHaveProperty('x-action-redirect');
    });
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
