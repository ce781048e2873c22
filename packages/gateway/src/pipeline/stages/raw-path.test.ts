import type { IncomingMessage } from 'node:http';
import { rawPathParts, type RawPathPart } from '@sallyport/core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCanonicalRequest } from '../../firewall/canonical-request.ts';
import { createKnownHosts } from '../../firewall/known-hosts.ts';
import { createNextPageReader } from '../../firewall/next-page.ts';
import { createRouteTable } from '../../routing/route-table.ts';
import { route, startTestGateway, type TestGateway } from '../../test-support/test-gateway.ts';
import { createRequestState } from '../request-state.ts';
import { findRoute } from './route.ts';

const all = [...rawPathParts];

describe('a route that takes raw paths', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({
      moreRoutes: [
        { name: 'tag', prefix: '/tag', access: 'public', rawPath: ['%23', '%3F'] },
        { name: 'raw', prefix: '/raw', access: 'public', rawPath: all },
        { name: 'inner', prefix: '/raw/closed', access: { roles: ['admin'] } },
        { name: 'cut', prefix: '/cut', access: 'public', stripPrefix: true, rawPath: all },
      ],
    });
  });
  afterAll(() => gateway.close());
  beforeEach(() => gateway.upstream.reset());

  it.each([
    '/tag/C%23',
    '/tag/what%3F?page=2',
    '/raw/a%2Fb',
    '/raw/a%2fb%2Fc',
    '/raw/a%5Cb',
    '/raw/a%3Bb',
    '/raw/a%2541',
    '/raw/100%25',
    '/raw/a//b',
    '/raw/https%3A%2F%2Felsewhere.test%2Fx',
    '/raw/a///b//',
    '/raw/%2F',
  ])('hands %s to its upstream as it came', async (target) => {
    expect((await gateway.send('GET', target)).status).toBe(200);
    expect(gateway.upstream.seen.map((seen) => seen.target)).toEqual([target]);
  });

  it('hands what it allows on behind a stripped prefix', async () => {
    expect((await gateway.send('GET', '/cut/C%23/a//b%2Fc')).status).toBe(200);
    expect(gateway.upstream.seen.map((seen) => seen.target)).toEqual(['/C%23/a//b%2Fc']);
  });

  it.each([
    ['what it does not allow', '/tag/a%2Fb'],
    ['what another route allows', '/public/C%23'],
    ['a slash that leads to an inner route', '/raw%2Fclosed'],
    ['a slash that leads into an inner route', '/raw/x%2F..%2Fclosed'],
    ['a slash in front of an inner route', '/raw/%2Fclosed'],
    ['a backslash in front of an inner route', '/raw/%5Cclosed'],
    ['an empty segment in front of an inner route', '/raw//closed'],
    ['an end within an inner route', '/raw/closed%23x'],
    ['a query within an inner route', '/raw/closed%3Fx'],
    ['a parameter within an inner route', '/raw/closed%3Bx'],
    ['what is decoded twice', '/raw/%2563losed'],
    ['a slash that is decoded twice', '/raw%252Fclosed'],
    ['a suffix of Next.js behind a slash', '/raw/%2Fclosed.rsc'],
    ['dots', '/raw/..%2Fadmin'],
    ['dots behind a backslash', '/raw/a%5C..%5C..%5Cadmin'],
    ['dots that are decoded twice', '/raw/%252e%252e/admin'],
    ['a NUL', '/raw/a%00'],
    ['a line end that is decoded twice', '/raw/a%250d%250aX-A:%201'],
    ['no UTF-8 in the second round', '/raw/a%25c0%25af'],
    ['more rounds than any server decodes', `/raw/%${'25'.repeat(6)}41`],
    ['four kinds of delimiters', '/raw/%23%2F%3B%3F'],
    ['two slashes at the beginning', '//raw/a'],
    ['two slashes behind a stripped prefix', '/cut//elsewhere.test/x'],
    ['two slashes behind a stripped prefix, one encoded', '/cut/%2Felsewhere.test/x'],
    ['a backslash behind a stripped prefix', '/cut/%5Celsewhere.test/x'],
  ])('refuses %s: %s', async (_what, target) => {
    expect((await gateway.send('GET', target)).status).toBe(400);
    expect(gateway.upstream.started).toBe(0);
  });

  it('is shown by explain', async () => {
    const { stages } = await gateway.gateway.explain({ method: 'GET', target: '/tag/C%23', headers: [] });
    expect(stages.at(-1)?.facts).toContainEqual({ name: 'rawPath', value: '%23 %3F' });
  });
});

describe('whatever the path', () => {
  const hosts = createKnownHosts(['app.test'], 'https:');
  const table = createRouteTable(
    [
      route({ name: 'raw', prefix: '/raw', access: 'public', rawPath: all }),
      route({ name: 'inner', prefix: '/raw/closed', access: { roles: ['admin'] } }),
      route({ name: 'closed', prefix: '/closed', access: { roles: ['admin'] } }),
      route({ name: 'shell', prefix: '/', access: 'optional' }),
    ],
    [],
  );
  const readNextPage = createNextPageReader({ locales: [], hosts, readPath: (path) => path });
  const limits = {
    headers: 100,
    headerBytes: 16_384,
    cookies: 100,
    pathParameters: false,
    rawPath: new Set<RawPathPart>(all),
  };
  const unit = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('a', '/', '/closed', '/raw', 'closed', '.', '..', '/..') },
    { weight: 4, arbitrary: fc.constantFrom('%2F', '%2f', '%5C', '%23', '%3f', '%3B', '%252F', '%255c', '%2523') },
    { weight: 1, arbitrary: fc.constantFrom('//', '%25', '%2E', '%252e', '%25252F', '%63', '%2563', '%00', '.rsc') },
  );
  const targets = fc.array(unit, { maxLength: 9 }).map((units) => `/raw${units.join('')}`);

  const routeOf = (target: string): string | undefined => {
    const message = { method: 'GET', url: target, httpVersionMajor: 1, headers: {}, rawHeaders: ['Host', 'app.test'] };
    const state = createRequestState('public', message as unknown as IncomingMessage, 'a', 0, false, false);
    try {
      state.request = readCanonicalRequest(state.message, hosts, limits);
      findRoute(state, { table, readNextPage });
      return state.route?.name;
    } catch {
      return undefined;
    }
  };

  it('no way of reading it leads from the open route to a closed one', () => {
    let open = 0;
    fc.assert(
      fc.property(targets, (target) => {
        if (routeOf(target) !== 'raw') return;
        open++;
        for (const [name, read] of Object.entries(servers))
          expect([name, read(target)]).not.toEqual([
            name,
            expect.stringMatching(/^(?:\/raw)?\/closed(?:\/|\.rsc\/?$|$)/),
          ]);
      }),
      { numRuns: 30_000 },
    );
    // A gateway that refuses everything would pass as well.
    expect(open).toBeGreaterThan(1000);
  }, 60_000);
});

/** Ways of servers to read a target, written without looking at ours. */
const servers: Readonly<Record<string, (target: string) => string>> = {
  literal: (target) => target,
  browser: (target) => new URL(target, 'https://app.test').pathname,
  'decodes, then cleans': (target) => clean(decode(target)),
  'cleans, then decodes': (target) => decode(clean(target)),
  'decodes twice': (target) => clean(decode(decode(target))),
  'decodes three times': (target) => clean(decode(decode(decode(target)))),
  'takes backslashes for slashes': (target) => clean(decode(target).replaceAll('\\', '/')),
  'decodes twice, with backslashes': (target) => clean(decode(decode(target)).replaceAll('\\', '/')),
  'cuts at a fragment': (target) => clean(decode(target).split('#')[0] ?? ''),
  'cuts at a query': (target) => clean(decode(target).split('?')[0] ?? ''),
  'cuts parameters': (target) => clean(decode(target).replaceAll(/;[^/]*/g, '')),
  'does everything': (target) =>
    clean((decode(decode(target)).split(/[?#]/)[0] ?? '').replaceAll('\\', '/').replaceAll(/;[^/]*/g, '')),
};

function decode(text: string): string {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function clean(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}
