import {
  OptionsError,
  SallyportError,
  type Authenticator,
  type AuthenticatedCaller,
  type RouteInput,
} from '@sallyport/core';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, sendRaw, type RawAnswer } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const listed = 'https://spa.example';
const other = 'https://evil.example';

const keyAuthenticator: Authenticator = {
  kind: 'api-key',
  headers: ['x-api-key'],
  recognize: ({ header, value }) => (header === 'x-api-key' ? value : undefined),
  authenticate: (key) => {
    if (key === 'unreadable') throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'test' });
    return key === 'good'
      ? { kind: 'authenticated', caller }
      : { kind: 'rejected', code: 'SP_UNAUTHENTICATED', reason: 'key-unknown' };
  },
  recheck: async () => caller,
};
const caller: AuthenticatedCaller = {
  credentialId: 'key-1',
  endedBy: [],
  principal: {
    kind: 'service',
    id: 'partner',
    clientId: 'key-1',
    roles: [],
    permissions: [],
    acr: 'pwd',
    amr: [],
    authTime: new Date(),
    credential: 'api-key',
    generation: { session: 1, user: 1, policy: 1 },
  },
};

const routes: readonly Partial<RouteInput>[] = [
  {
    name: 'partner',
    prefix: '/partner',
    credentials: ['session', 'api-key'],
    methods: ['GET', 'POST', 'DELETE'],
    cors: {
      origins: [listed, 'https://second.example:8443'],
      headers: ['if-match'],
      exposed: ['etag'],
      maxAgeSeconds: 60,
    },
    limits: { bodyBytes: 10 },
  },
  {
    name: 'open',
    prefix: '/open',
    access: 'optional',
    credentials: ['session', 'api-key'],
    cors: { origins: [listed] },
  },
  {
    name: 'reserved',
    prefix: '/reserved',
    access: { permissions: ['product:delete'] },
    credentials: ['api-key'],
    cors: { origins: ['https://SPA.Example:443'] },
  },
  {
    name: 'limited',
    prefix: '/limited',
    credentials: ['api-key'],
    cors: { origins: [listed] },
    limits: { requests: [{ per: 'address', max: 1, seconds: 60 }] },
  },
  {
    name: 'gone',
    prefix: '/gone',
    upstream: 'http://127.0.0.1:9',
    credentials: ['api-key'],
    cors: { origins: [listed] },
  },
  { name: 'strangers', prefix: '/strangers', access: 'public', cors: { origins: [listed] } },
];

let gateway: TestGateway;
let forwardAuthPort: number;
beforeAll(async () => {
  gateway = await startTestGateway({
    moreRoutes: routes,
    authenticators: [keyAuthenticator],
    forwardAuth: { proxies: ['127.0.0.1'] },
    cors: { tokenOrigins: [listed], documentOrigins: ['*'] },
    mounts: [
      {
        name: 'auth-token',
        prefix: '/auth/token',
        access: 'public',
        slide: false,
        crossOrigin: 'tokens',
        handle: (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
      },
      {
        name: 'auth',
        prefix: '/auth',
        access: 'optional',
        slide: false,
        handle: (_, response) => void response.end('{}'),
      },
    ],
  });
  ({ port: forwardAuthPort } = await gateway.gateway.listenForwardAuth({ host: '127.0.0.1', port: 0 }));
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

const preflight = (target: string, origin: string, method = 'POST', more: Readonly<Record<string, string>> = {}) =>
  gateway.send('OPTIONS', target, {
    Origin: origin,
    'Access-Control-Request-Method': method,
    'Access-Control-Request-Headers': 'authorization,content-type',
    'Sec-Fetch-Mode': 'cors',
    'Sec-Fetch-Site': 'cross-site',
    ...more,
  });

const fromScript = (
  method: string,
  target: string,
  origin: string,
  more: Readonly<Record<string, string>> = {},
  body = '',
) =>
  gateway.send(
    method,
    target,
    { Origin: origin, 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'empty', ...more },
    body,
  );

function sharedHeadersOf({ headers }: RawAnswer): readonly string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'));
}

const key = { 'X-API-Key': 'good' };

describe('a preflight', () => {
  it('of a listed origin is answered by the gateway, without the service', async () => {
    const answer = await preflight('/partner/x', listed);
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': listed,
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': 'authorization, content-type, dpop, x-api-key, if-match',
      'access-control-max-age': '60',
    });
    expect(answer.headers['vary']).toContain('Origin');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    expect(answer.headers['content-length']).toBeUndefined();
    expect(gateway.upstream.started).toBe(0);
  });

  it.each(['https://second.example:8443', listed])('of %s gets that origin and no other', async (origin) => {
    expect((await preflight('/partner', origin)).headers['access-control-allow-origin']).toBe(origin);
  });

  it.each([
    other,
    'null',
    'http://spa.example',
    'https://spa.example:8443',
    'https://spa.example.evil.example',
    'https://evilspa.example',
    'https://sub.spa.example',
    'HTTPS://spa.example',
    'https://spa.example/',
    'https://spa.example, https://evil.example',
    '*',
  ])('of an origin that is not listed gets no header for it: %s', async (origin) => {
    const answer = await preflight('/partner/x', origin);
    expect(answer.status).toBe(403);
    expect(sharedHeadersOf(answer)).toEqual([]);
    expect(answer.headers['vary']).toContain('Origin');
    expect(gateway.upstream.started).toBe(0);
  });

  it('of an origin that the configuration spells in another way is answered', async () => {
    expect((await preflight('/reserved', listed, 'GET')).headers['access-control-allow-origin']).toBe(listed);
    expect((await preflight('/reserved', 'https://SPA.Example:443', 'GET')).status).toBe(403);
  });

  it('with two origins is that of none', async () => {
    const answer = await sendRaw(
      gateway.port,
      `OPTIONS /partner HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nOrigin: ${listed}\r\nOrigin: ${listed}\r\nAccess-Control-Request-Method: POST\r\n\r\n`,
    );
    expect(answer.status).toBe(403);
    expect(sharedHeadersOf(answer)).toEqual([]);
  });

  it('for a method that the route does not serve is refused', async () => {
    const answer = await preflight('/partner', listed, 'PUT');
    expect(answer.status).toBe(405);
    expect(gateway.upstream.started).toBe(0);
  });

  it.each(['TRACE', 'CONNECT', 'post', 'POST, GET', ''])('for what is no method is refused: %s', async (method) => {
    expect((await preflight('/partner', listed, method)).status).toBeGreaterThanOrEqual(400);
    expect(gateway.upstream.started).toBe(0);
  });

  it('keeps to the path: a deeper route of other rules answers by its own', async () => {
    expect(sharedHeadersOf(await preflight('/api/x', listed))).toEqual([]);
    expect(sharedHeadersOf(await preflight('/partnerx', listed))).toEqual([]);
  });

  it('counts against no session, and reads none', async () => {
    const { reads } = gateway.sessions;
    expect((await preflight('/partner', listed, 'POST', cookie(gateway.sessions.add()))).status).toBe(204);
    expect(gateway.sessions.reads).toBe(reads);
  });

  it('is not answered for a route without tokens: there the service speaks', async () => {
    gateway.upstream.answer = (_, response) =>
      void response.writeHead(204, { 'access-control-allow-origin': listed }).end();
    const answer = await preflight('/strangers', listed);
    expect(answer.status).toBe(204);
    expect(gateway.upstream.started).toBe(1);
  });

  it('is not answered at the internal listener, nor for a proxy that asks', async () => {
    const headers = { Origin: listed, 'Access-Control-Request-Method': 'POST' };
    const inside = await request(gateway.internalPort, 'OPTIONS', '/partner', {
      ...headers,
      Host: `127.0.0.1:${gateway.internalPort}`,
    });
    expect([401, 405]).toContain(inside.status);
    expect(sharedHeadersOf(inside)).toEqual([]);
    const asked = await request(forwardAuthPort, 'GET', '/forward-auth', {
      ...headers,
      'X-Forwarded-Method': 'OPTIONS',
      'X-Forwarded-Uri': '/partner',
      'X-Forwarded-Host': 'app.test',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-For': '198.51.100.7',
    });
    expect([401, 403, 405]).toContain(asked.status);
    expect(sharedHeadersOf(asked)).toEqual([]);
  });

  it('without the header of a preflight is a request as any other', async () => {
    expect((await gateway.send('OPTIONS', '/partner', { Origin: listed })).status).toBe(405);
  });
});

describe('a script of a listed site', () => {
  it.each(['GET', 'POST', 'DELETE'])('sends %s with its key and reads the answer', async (method) => {
    gateway.upstream.answer = (_, response) =>
      void response
        .writeHead(200, {
          'access-control-allow-origin': '*',
          'access-control-allow-credentials': 'true',
          'access-control-allow-methods': 'TRACE',
          vary: 'Accept',
        })
        .end('yes');
    const answer = await fromScript(method, '/partner/x', listed, key);
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe(listed);
    expect(answer.headers['access-control-expose-headers']).toContain('etag');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    expect(answer.headers['access-control-allow-methods']).toBeUndefined();
    expect(answer.headers['vary']?.split(', ')).toEqual(expect.arrayContaining(['Accept', 'Cookie', 'Origin']));
    expect(gateway.upstream.seen[0]?.headers['authorization']).toMatch(/^Bearer ey/);
  });

  it('reads why it was refused', async () => {
    const cases = [
      [await fromScript('GET', '/partner', listed, { 'X-API-Key': 'bad' }), 401],
      [await fromScript('GET', '/partner', listed), 401],
      [await fromScript('POST', '/partner', listed), 401],
      [await fromScript('POST', '/partner', listed, key, 'a body too large'), 413],
      [await fromScript('GET', '/reserved', listed, key), 403],
      [await fromScript('GET', '/limited', listed, key), 200],
      [await fromScript('GET', '/limited', listed, key), 429],
      [await fromScript('GET', '/partner', listed, { 'X-API-Key': 'unreadable' }), 503],
      [await fromScript('GET', '/gone', listed, key), 502],
    ] as const;
    for (const [answer, status] of cases) {
      expect(answer.status).toBe(status);
      expect(answer.headers['access-control-allow-origin']).toBe(listed);
      expect(answer.headers['access-control-expose-headers']).toContain('retry-after');
      expect(answer.headers['vary']).toContain('Origin');
    }
  });

  it('never comes with the session of the visitor', async () => {
    const session = cookie(gateway.sessions.add());
    for (const site of ['cross-site', 'same-site']) {
      const change = { ...session, 'Sec-Fetch-Site': site };
      expect((await fromScript('POST', '/partner', listed, change)).status).toBe(403);
      expect((await fromScript('POST', '/open', listed, change)).status).toBe(403);
      expect((await fromScript('GET', '/partner', listed, change)).status).toBe(401);
      expect((await fromScript('GET', '/partner', listed, { ...change, ...key })).status).toBe(400);
    }
    expect(gateway.upstream.started).toBe(0);
    expect((await fromScript('GET', '/open', listed, session)).status).toBe(200);
    expect(gateway.upstream.seen[0]?.headers['authorization']).toBeUndefined();
  });

  it('opens no WebSocket', async () => {
    const answer = await fromScript('GET', '/partner', listed, { ...key, Upgrade: 'websocket', Connection: 'Upgrade' });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(gateway.upstream.started).toBe(0);
  });
});

describe('a person who opens the route in a tab', () => {
  it.each([
    { name: 'a redirect', target: '/partner', status: 303 },
    { name: 'an answer to a stranger', target: '/open', status: 200 },
  ])('gets $name that no cache gives to a script of another site', async ({ target, status }) => {
    const headers = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
    const answer = await gateway.send('GET', target, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers['vary']).toContain('Origin');
    expect(sharedHeadersOf(answer)).toEqual([]);
  });
});

describe('a script of another site', () => {
  it('gets no header, whatever the service says', async () => {
    gateway.upstream.answer = (_, response) =>
      void response.writeHead(200, { 'access-control-allow-origin': other }).end('no');
    for (const [method, target] of [
      ['GET', '/partner'],
      ['POST', '/partner'],
      ['GET', '/open'],
    ] as const) {
      const answer = await fromScript(method, target, other, key);
      expect(sharedHeadersOf(answer)).toEqual([]);
      expect(answer.headers['vary']).toContain('Origin');
    }
  });

  it('changes nothing, with a key that it holds or without one', async () => {
    expect((await fromScript('POST', '/partner', other, key)).status).toBe(403);
    expect((await fromScript('POST', '/open', other)).status).toBe(403);
    expect(gateway.upstream.started).toBe(0);
  });

  it('gets no header on any route for any spelling of an origin', async () => {
    const spelling = fc.oneof(
      fc.webUrl().map((url) => new URL(url).origin),
      fc.stringMatching(/^[!-~]{1,40}$/),
      fc
        .constantFrom(listed, 'https://second.example:8443')
        .chain((origin) =>
          fc
            .tuple(fc.nat(origin.length - 1), fc.stringMatching(/^[!-~]$/))
            .map(([at, character]) => origin.slice(0, at) + character + origin.slice(at + 1)),
        ),
    );
    const target = fc.constantFrom('/partner/x', '/open/x', '/auth/token', '/auth/token/refresh', '/api/x', '/');
    const method = fc.constantFrom('OPTIONS', 'GET', 'POST');
    await fc.assert(
      fc.asyncProperty(spelling, target, method, async (origin, path, verb) => {
        fc.pre(origin !== listed && origin !== 'https://second.example:8443');
        const headers =
          verb === 'OPTIONS' ? { 'Access-Control-Request-Method': 'POST' } : path.startsWith('/auth') ? {} : key;
        expect(sharedHeadersOf(await gateway.send(verb, path, { Origin: origin, ...headers }))).toEqual([]);
      }),
      { numRuns: 80 },
    );
  }, 60_000);
});

describe('what the gateway itself answers', () => {
  it('to listed origins: tokens, with a preflight, and never with a cookie', async () => {
    for (const path of ['/auth/token', '/auth/token/refresh']) {
      const asked = await preflight(path, listed);
      expect(asked.status).toBe(204);
      expect(asked.headers['access-control-allow-methods']).toBe('GET, POST');
      const answer = await fromScript('POST', path, listed, {}, '{}');
      expect(answer.status).toBe(200);
      expect(answer.headers['access-control-allow-origin']).toBe(listed);
      expect(answer.headers['vary']).toContain('Origin');
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    }
  });

  it('to others: nothing, and nothing else below /auth to any origin', async () => {
    expect(sharedHeadersOf(await preflight('/auth/token', other))).toEqual([]);
    expect(sharedHeadersOf(await fromScript('POST', '/auth/token', other, {}, '{}'))).toEqual([]);
    for (const path of ['/auth/session', '/auth/sign-in/email', '/auth/tokens', '/auth']) {
      expect(sharedHeadersOf(await preflight(path, listed))).toEqual([]);
      expect((await fromScript('POST', path, listed, {}, '{}')).status).toBe(403);
    }
  });

  it('to all: public keys', async () => {
    const answer = await fromScript('GET', '/internal/.well-known/jwks.json', other);
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });
});

describe('a route that scripts of other sites use', () => {
  it.each<{ name: string; change: Partial<RouteInput>; says: RegExp }>([
    { name: 'with every site', change: { credentials: ['api-key'], cors: { origins: ['*'] } }, says: /name each site/ },
    {
      name: 'without tokens, and headers of its own',
      change: { cors: { origins: [listed], headers: ['if-match'] } },
      says: /cors.headers, but accepts no tokens/,
    },
    {
      name: 'without tokens, and a time',
      change: { cors: { origins: [listed], maxAgeSeconds: 5 } },
      says: /cors.maxAgeSeconds/,
    },
  ])('cannot be built $name', async ({ change, says }) => {
    const build = startTestGateway({
      authenticators: [keyAuthenticator],
      moreRoutes: [{ name: 'partner', prefix: '/partner', ...change }],
    });
    await expect(build).rejects.toThrow(OptionsError);
    await expect(build).rejects.toThrow(says);
  });
});
