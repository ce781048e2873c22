import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { nginxInFront } from './front-kinds.ts';
import { rowsOfFront, rowsOfVisitors, visitorOf } from './front-rows.ts';
import { ada, startGatewayBehind, type GatewayBehind } from './gateway-behind.ts';
import { askSecurely, clientAddress, type ClientAnswer } from './secure-client.ts';
import { startFront, type StartedFront } from './start-front.ts';
import { nginx } from './start-proxy.ts';

/* nginx stands in for a CDN: it keeps what answers allow, and in the second block also what a careless CDN keeps. */

const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' };
const statusOf = (answer: ClientAnswer): string => String(answer.headers['x-cache-status']);
const isUnchanging = 'public, max-age=31536000, immutable';

describe.skipIf(nginx === undefined)('behind a proxy that keeps answers (skipped without nginx)', () => {
  let behind: GatewayBehind;
  beforeAll(async () => {
    behind = await startGatewayBehind();
  });
  afterAll(() => behind.close());
  beforeEach(() => behind.upstream.reset());

  describe('as deploy/nginx/caching.conf says', () => {
    let cache: StartedFront;
    beforeAll(async () => {
      cache = await startFront(nginxInFront, behind.port, { edit: withCache });
    });
    afterAll(() => cache.stop());

    rowsOfVisitors(() => ({ ...cache, behind }));
    rowsOfFront(() => ({ ...cache, behind }));

    it.each(['/assets/app.3f9a.js', '/_zones/portal/_next/static/a.css', '/_zones/shared/_next/static/chunks/b.js'])(
      'a file that never changes is fetched once, for everybody: %s',
      async (target) => {
        const { ask, signIn } = visitorOf(() => cache);
        behind.upstream.answer = (_, response) => {
          response.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': isUnchanging });
          response.end('"file"');
        };
        const cookie = await signIn();
        const answers = [await ask(target), await ask(target, { headers: { cookie } }), await ask(target)];
        expect(answers.map(({ body }) => body)).toEqual(Array(3).fill('"file"'));
        expect(answers.map(statusOf)).toEqual(['MISS', 'HIT', 'HIT']);
        expect(behind.upstream.seen).toHaveLength(1);
        expect(answers[2]?.headers['cache-control']).toContain('max-age=31536000');
      },
    );

    it('files of built-in pages are fetched once', async () => {
      const { ask } = visitorOf(() => cache);
      const [file = ''] =
        /\/auth\/assets\/[^"]+\.(?:css|js)/.exec((await ask('/auth/sign-in', { headers: page })).body) ?? [];
      expect(file).not.toBe('');
      await ask(file);
      expect(statusOf(await ask(file))).toBe('HIT');
    });

    it('the network that the CDN asks from, and no other, says which address a client has', async () => {
      const realIp = readFileSync(path.join(workspaceRoot, 'deploy/nginx/behind-a-cdn.conf'), 'utf8');
      const known = realIp.replace('203.0.113.0/24', '127.0.0.1');
      expect(known).not.toBe(realIp);
      const inner = await startFront(nginxInFront, behind.port, { edit: (config) => `${known}\n${config}` });
      const outer = await startFront(nginxInFront, inner.port, {
        edit: (config, folder) =>
          withCache(config, folder).replace(
            'proxy_pass http://sallyport;',
            'proxy_pass https://sallyport; proxy_ssl_server_name on; proxy_ssl_name app.test;',
          ),
      });
      const lie = { 'x-forwarded-for': '198.51.100.7' };
      for (const place of [outer, inner]) {
        behind.upstream.reset();
        await askSecurely(place, '/open/address', { headers: lie });
        expect(behind.upstream.seen.at(-1)?.headers['x-forwarded-for']).toBe(clientAddress);
      }
      await outer.stop();
      await inner.stop();
    });
  });

  describe('that keeps whatever is not forbidden, for a minute, and looks at no Vary', () => {
    let cache: StartedFront;
    beforeAll(async () => {
      cache = await startFront(nginxInFront, behind.port, {
        edit: (config, folder) => `proxy_ignore_headers Vary; proxy_cache_valid any 60s; ${withCache(config, folder)}`,
      });
    });
    afterAll(() => cache.stop());
    const visitor = visitorOf(() => cache);

    it('keeps what it may, so that the rows below say something', async () => {
      await visitor.ask('/open/kept');
      expect(statusOf(await visitor.ask('/open/kept'))).toBe('HIT');
    });

    it('nothing that carried an identity reaches another client, whatever the service says of it', async () => {
      const cookie = await visitor.signIn();
      let count = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('/api', '/page', '/events'),
          fc.constantFrom('', '.css', '.js', '.png', '/style.css', '?v=1.css'),
          fc.constantFrom(200, 203, 204, 301, 404, 410, 500),
          fc.record(
            {
              'cache-control': fc.constantFrom(isUnchanging, 'public', 's-maxage=60', 'max-age=60', ''),
              expires: fc.constant('Thu, 31 Dec 2099 23:59:59 GMT'),
              'x-accel-expires': fc.constant('3600'),
              'cdn-cache-control': fc.constant('max-age=3600'),
              'surrogate-control': fc.constant('max-age=3600'),
              etag: fc.constant('"1"'),
              'last-modified': fc.constant('Thu, 01 Jan 2026 00:00:00 GMT'),
            },
            { requiredKeys: [] },
          ),
          async (prefix, ending, status, headers) => {
            const target = `${prefix}/${count++}${ending}`;
            behind.upstream.answer = (request, response) => {
              const isKnown = request.headers.authorization !== undefined;
              response.writeHead(status, { ...headers, 'x-for': isKnown ? 'ada' : 'a visitor' }).end();
            };
            const own = await visitor.ask(target, { headers: { cookie } });
            expect(own.headers['x-for']).toBe('ada');
            expect((await visitor.ask(target)).headers['x-for']).not.toBe('ada');
          },
        ),
        { numRuns: 60 },
      );
    });

    it.each([
      ['a stranger at a guarded route', '/api/refused', {}, 401],
      ['a stranger who loads a page', '/api/refused.html', page, 303],
      ['a stranger at the session', '/auth/session', {}, 200],
      ['the sign-in page', '/auth/sign-in', page, 200],
      ['what is ambiguous', '/open//x', {}, 400],
      ['a dead session', '/api/refused.css', { cookie: `__Host-sallyport=${'x'.repeat(43)}` }, 401],
      ['what is at no route', '/nowhere.js', {}, 404],
      ['change-password', '/.well-known/change-password', {}, 303],
      ['a file that no zone has', '/_zones/shared/_next/static/none.js', {}, 404],
    ] as const)('keeps no answer of the gateway to %s', async (_, target, headers, status) => {
      for (let turn = 0; turn < 2; turn++) {
        const answer = await visitor.ask(target, { headers });
        expect(answer.status).toBe(status);
        expect(statusOf(answer)).not.toBe('HIT');
      }
    });

    it('keeps neither sign-in nor session, and no refusal stands in the way of a person', async () => {
      expect((await visitor.ask('/api/later')).status).toBe(401);
      const cookie = await visitor.signIn();
      expect((await visitor.ask('/api/later', { headers: { cookie } })).status).toBe(200);
      const session = await visitor.ask('/auth/session', { headers: { cookie } });
      expect(session.body).toContain(ada.email);
      expect((await visitor.ask('/auth/session')).body).not.toContain(ada.email);
      await visitor.signOut(cookie);
      expect((await visitor.ask('/api/later', { headers: { cookie } })).status).toBe(401);
    });
  });
});

/** As deploy/nginx/caching.conf says: it stands beside the other, in which one line has to go. */
function withCache(config: string, folder: string): string {
  const caching = readFileSync(path.join(workspaceRoot, 'deploy/nginx/caching.conf'), 'utf8');
  const line = /^ +proxy_buffering +off;\n/m;
  if (!line.test(config)) throw new Error('deploy/nginx/sallyport.conf buffers');
  return caching.replace('/var/cache/nginx/sallyport', path.join(folder, 'cache')) + config.replace(line, '');
}
