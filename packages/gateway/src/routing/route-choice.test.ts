import type { Route } from '@sallyport/core';
import fc from 'fast-check';
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

  it('ties with another that differs in case alone, unless both say that cases are told apart', () => {
    const pair = (one?: boolean, other?: boolean): readonly Route[] => [
      route({ name: 'one', prefix: '/a', caseSensitive: one }),
      route({ name: 'two', prefix: '/A', caseSensitive: other }),
    ];
    for (const tied of [pair(), pair(true), pair(true, false), pair(false, false)])
      expect(() => createRouteTable(tied, [])).toThrow(/tie on \/a: \/A differs in case alone/);
    expect(createRouteTable(pair(true, true), []).findIfAny('x', 'GET', '/A')?.name).toBe('two');
  });
});

describe('a path in another case than the routes are written in', () => {
  const inside = { name: 'inside', prefix: '/x/docs' };
  const open = route({ name: 'open', prefix: '/x', access: 'public' });
  const find = (routes: readonly Route[], path: string, method = 'GET') =>
    createRouteTable(routes, []).findIfAny('x', method, path)?.name;

  it.each(['/x/Docs', '/x/DOCS/1', '/x/doc\u017f', '/X/docs', '/x/\u0130/docs'])('%s is never laxer', (path) => {
    const closed = route({ ...inside, access: { roles: ['admin'] } });
    const root = route({ name: 'root', prefix: '/', access: 'public' });
    const isBelow = !path.includes('\u0130');
    expect(find([root, open, closed], path)).toBe(isBelow ? 'inside' : 'open');
    expect(find([root, open, { ...closed, caseSensitive: true }], path)).toBe('open');
  });

  it('keeps the stricter rules of the shorter prefix', () => {
    const admin = { ...open, access: { roles: ['admin'] } };
    expect(find([admin, route({ ...inside, access: 'public' })], '/x/Docs')).toBe('open');
  });

  it('takes the longer prefix of two that demand the same, for it may have limits of its own', () => {
    expect(find([open, route({ ...inside, access: 'public' })], '/x/Docs')).toBe('inside');
    const [one, other] = [open, route(inside)].map((each) => ({ ...each, access: { roles: ['vendor'] } }));
    if (one !== undefined && other !== undefined) expect(find([one, other], '/x/Docs')).toBe('inside');
  });

  it('is refused where each demands what the other does not', () => {
    const routes = [{ ...open, access: { roles: ['vendor'] } }, route({ ...inside, access: { roles: ['admin'] } })];
    expect(() => find(routes, '/x/Docs')).toThrow(expect.objectContaining({ code: 'SP_REQUEST_AMBIGUOUS' }));
    expect(find(routes, '/x/docs')).toBe('inside');
  });

  it('serves no method that the longer prefix does not', () => {
    const routes = [open, route({ ...inside, access: 'public', methods: ['GET'] })];
    expect(() => find(routes, '/x/Docs', 'POST')).toThrow(expect.objectContaining({ code: 'SP_METHOD_NOT_ALLOWED' }));
  });

  it('opens no route that no other serves in this case', () => {
    expect(find([route({ ...inside, access: 'public' })], '/x/Docs')).toBeUndefined();
  });

  it('is never served under laxer rules than the same path in lower case, whatever the routes are', () => {
    const access = fc.constantFrom<Route['access']>('public', 'optional', 'signed-in');
    const segments = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 });
    const some = fc.uniqueArray(fc.record({ segments, access }), {
      selector: (it) => it.segments.join('/'),
      minLength: 1,
    });
    const strictness: readonly Route['access'][] = ['public', 'optional', 'signed-in'];
    fc.assert(
      fc.property(some, segments, fc.infiniteStream(fc.boolean()), (shapes, path, capitals) => {
        const table = createRouteTable(
          shapes.map((shape, index) =>
            route({ name: `r${index}`, prefix: `/${shape.segments.join('/')}`, access: shape.access }),
          ),
          [],
        );
        const lower = `/${path.join('/')}`;
        const mixed = lower.replaceAll(/[a-z]/g, (letter) => (capitals.next().value ? letter.toUpperCase() : letter));
        const served = table.findIfAny('x', 'GET', mixed);
        const meant = table.findIfAny('x', 'GET', lower);
        if (served === undefined) return true;
        return strictness.indexOf(served.access) >= strictness.indexOf(meant?.access ?? 'public');
      }),
    );
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
