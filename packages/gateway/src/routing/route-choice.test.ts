import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRouteTable } from './route-table.ts';
import { cookie, route, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

/* Which rules hold where a path has more than one spelling. */

let gateway: TestGateway;
let alice: string;
beforeAll(async () => {
  gateway = await startTestGateway({
    locales: ['de'],
    moreRoutes: [
      { name: 'next-files', prefix: '/_next', access: 'public' },
      { name: 'locale', prefix: '/de', access: 'public' },
      { name: 'open-locale', prefix: '/de/admin/open', access: 'public' },
      { name: 'described', prefix: '/api.json', access: 'public' },
      { name: 'stripped', prefix: '/stripped', access: 'signed-in', stripPrefix: true },
      { name: 'old', prefix: '/Legacy', access: 'signed-in', caseSensitive: false },
      { name: 'java', prefix: '/java', access: 'public', pathParameters: true },
      { name: 'java-admin', prefix: '/java/admin', access: { roles: ['admin'] }, pathParameters: true },
      { name: 'metrics', prefix: '/metrics/mine', access: 'public' },
    ],
  });
  alice = gateway.sessions.add();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

const statusOf = async (target: string, headers = {}): Promise<number> =>
  (await gateway.send('GET', target, headers)).status;

describe('the stricter of two readings of a path holds', () => {
  it.each([
    ['below a public folder of Next.js', '/_next/data/build/admin/x.json'],
    ['below a public locale', '/de/admin/x'],
    ['in another case', '/DE/admin/x'],
    ['beside it', '/admin.rsc'],
  ])('%s: %s', async (_, target) => {
    expect(await statusOf(target)).toBe(401);
    expect(await statusOf(target, cookie(alice))).toBe(403);
    expect(gateway.upstream.started).toBe(0);
  });

  it.each([
    ['a route that was written for the file', '/api.json', 200],
    ['a route that was written for the locale', '/de/admin/open/x', 200],
    ['a page that asks for no more', '/de/page', 200],
    ['a file that only looks like one', '/_next/static/main.js', 200],
    ['what a prefix that is stripped cannot be found in', '/de/stripped/x', 404],
  ])('%s: %s', async (_, target, status) => {
    expect(await statusOf(target)).toBe(status);
  });

  it('forwards the bytes as they came', async () => {
    const root = gateway.sessions.add({ id: 'root', roles: ['admin'] });
    expect(await statusOf('/de/%61dmin/x.rsc?_rsc=1', cookie(root))).toBe(200);
    expect(gateway.upstream.seen[0]?.target).toBe('/de/%61dmin/x.rsc?_rsc=1');
  });
});

describe('a route whose upstream does not tell cases apart', () => {
  it.each(['/legacy/x', '/LEGACY', '/Legacy/x', '/%4cegacy'])('covers %s', async (target) => {
    expect(await statusOf(target)).toBe(401);
  });

  it('ties with another that differs in case alone', () => {
    const routes = [route({ name: 'one', prefix: '/a' }), route({ name: 'two', prefix: '/A', caseSensitive: false })];
    expect(() => createRouteTable(routes, [])).toThrow(/tie/);
    expect(() =>
      createRouteTable([route({ name: 'one', prefix: '/a' }), route({ name: 'two', prefix: '/A' })], []),
    ).not.toThrow();
  });
});

describe('parameters in paths', () => {
  it('pass where the route takes them, untouched', async () => {
    expect(await statusOf('/java/x;jsessionid=1/y;a=%20b')).toBe(200);
    expect(gateway.upstream.seen[0]?.target).toBe('/java/x;jsessionid=1/y;a=%20b');
  });

  it.each([
    '/java/admin;a/x',
    '/java/admin;a',
    '/java;a/../admin/x',
    '/java/..;/admin',
    '/java/.;/x',
    '/java/;a/x',
    '/java/x%3ba',
    '/admin;a/x',
    '/public/x;a',
    '/java;a/x',
    '/;java/x',
    '/java/%2e%2e;/admin',
    '/java/x;%2f..%2fadmin',
  ])('are refused in %s', async (target) => {
    expect(await statusOf(target)).toBe(400);
    expect(gateway.upstream.started).toBe(0);
  });
});

it('a route for everything publishes no page of operators, in whatever case an upstream takes it', async () => {
  for (const path of ['/metrics', '/METRICS', '/Actuator/env']) expect(await statusOf(path)).toBe(404);
  expect(gateway.upstream.started).toBe(0);
  expect(await statusOf('/metrics/mine')).toBe(200);
});
