import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway({
    moreRoutes: [
      { name: 'small', prefix: '/small', access: 'public', limits: { bodyBytes: 10 } },
      { name: 'stripped', prefix: '/stripped', access: 'public', stripPrefix: true },
    ],
  });
  token = gateway.sessions.add();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

describe('bodies', () => {
  it('arrive byte for byte, with a length or in chunks', async () => {
    await gateway.send('POST', '/public/x', {}, 'a=1&b=ä');
    await sendRaw(
      gateway.port,
      'POST /public/x HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n' +
        'Trailer: X-Sallyport-User\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sallyport-User: root\r\n\r\n',
    );
    expect(gateway.upstream.seen.map((seen) => seen.body)).toEqual(['a=1&b=ä', 'abcde']);
    expect(JSON.stringify(gateway.upstream.seen)).not.toMatch(/root|trailer/i);
  });

  it('over the limit of the route are refused before they are sent on', async () => {
    const answer = await gateway.send('POST', '/small/x', {}, 'x'.repeat(11));
    expect(answer.status).toBe(413);
    expect(gateway.upstream.started).toBe(0);
    expect((await gateway.send('POST', '/small/x', {}, 'x'.repeat(10))).status).toBe(200);
  });

  it('over the limit without a length are cut off when they reach it', async () => {
    const answer = await sendRaw(
      gateway.port,
      'POST /small/x HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n' +
        `6\r\nabcdef\r\n6\r\nabcdef\r\n${'6\r\nabcdef\r\n'.repeat(20)}`,
    );
    expect(answer.status).toBe(413);
    expect(answer.headers['connection']).toBe('close');
    expect(gateway.upstream.seen).toHaveLength(0);
  });
});

describe('answers', () => {
  it.each([
    ['with a length', true],
    ['in chunks', false],
  ])('arrive byte for byte: %s', async (_name, hasLength) => {
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
    gateway.upstream.answer = (_, response) => {
      if (hasLength) response.setHeader('content-length', bytes.length);
      response.write(bytes);
      response.end();
    };
    expect(Buffer.from((await gateway.send('GET', '/public/x')).body, 'latin1')).toEqual(bytes);
  });

  it('lose what is hop-by-hop, what tells of the inside, and our cookies', async () => {
    gateway.upstream.answer = (_, response) => {
      response.writeHead(200, [
        'Server',
        'nest',
        'X-Powered-By',
        'Express',
        'X-Middleware-Rewrite',
        '/x',
        'X-Sallyport-User',
        'root',
        'Authorization',
        'Bearer x',
        'Connection',
        'X-Foo, Set-Cookie-Not',
        'X-Foo',
        '1',
        'Proxy-Connection',
        'x',
        'Set-Cookie',
        '__Host-sallyport=evil',
        'Set-Cookie',
        'sallyport=evil',
        'Set-Cookie',
        'theme=dark; Path=/',
        'Cache-Control',
        'public, max-age=600',
        'Vary',
        'Accept',
        'X-Kept',
        'yes',
        'Content-Type',
        'text/html',
      ]);
      response.end('ok');
    };
    const answer = await gateway.send('GET', '/api/x', cookie(token));
    expect(answer.body).toBe('ok');
    expect(answer.headers).toMatchObject({
      'set-cookie': 'theme=dark; Path=/',
      'cache-control': 'private, no-store',
      vary: 'Accept, Cookie',
      'x-kept': 'yes',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'x-frame-options': 'SAMEORIGIN',
      'strict-transport-security': 'max-age=31536000',
    });
    expect(answer.head).not.toMatch(/nest|express|middleware|x-sallyport|authorization|x-foo|proxy-connection/i);
  });

  it('keep their own safety headers, and their caching for anonymous callers', async () => {
    gateway.upstream.answer = (_, response) => {
      response.writeHead(200, {
        'cache-control': 'public, max-age=600',
        'content-security-policy': "frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
      });
      response.end('ok');
    };
    const { headers } = await gateway.send('GET', '/public/x');
    expect(headers['cache-control']).toBe('public, max-age=600');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers).not.toHaveProperty('x-frame-options');
    expect(headers).not.toHaveProperty('vary');
  });

  it('say that an optional route differs with the cookie, also to strangers', async () => {
    expect((await gateway.send('GET', '/page')).headers['vary']).toBe('Cookie');
  });

  it.each([
    ['/public/x', 'UPSTREAM/a?b#c', 'https://app.test/a?b#c'],
    ['/stripped/x', 'UPSTREAM/a', 'https://app.test/stripped/a'],
    ['/public/x', '/relative', '/relative'],
    ['/public/x', 'https://pay.example.com/a', 'https://pay.example.com/a'],
  ])('K05: are redirects that stay outside: %s to %s', async (target, location, expected) => {
    gateway.upstream.answer = (_, response) => {
      response.writeHead(302, { location: location.replace('UPSTREAM', gateway.upstream.origin) });
      response.end();
    };
    const answer = await gateway.send('GET', target);
    expect(answer.status).toBe(302);
    expect(answer.headers['location']).toBe(expected);
    expect(gateway.upstream.started).toBe(1);
  });

  it.each([
    ['a HEAD', 'HEAD', 200],
    ['no content', 'GET', 204],
    ['not modified', 'GET', 304],
  ])('without a body leave the connection in order: %s', async (_name, method, status) => {
    gateway.upstream.answer = (_, response) => {
      response.writeHead(status, status === 200 ? { 'content-length': '5' } : {});
      response.end(method === 'HEAD' ? undefined : '');
    };
    const answer = await sendRaw(
      gateway.port,
      `${method} /public/a HTTP/1.1\r\nHost: app.test\r\n\r\n` +
        'GET /healthz HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n',
    );
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(/^HTTP\/1\.1 200/);
  });
});

describe('several targets', () => {
  let second: Server;
  beforeAll(async () => {
    second = createServer((_, response) => response.end('second')).listen(0, '127.0.0.1');
    await once(second, 'listening');
  });
  afterAll(() => {
    second.close();
    second.closeAllConnections();
  });

  it('take turns', async () => {
    const { port } = second.address() as AddressInfo;
    const both = await startTestGateway();
    const turns = await startTestGateway({
      moreRoutes: [
        {
          name: 'both',
          prefix: '/both',
          access: 'public',
          upstream: [`http://127.0.0.1:${port}`, both.upstream.origin],
        },
      ],
    });
    const bodies = [
      await turns.send('GET', '/both'),
      await turns.send('GET', '/both'),
      await turns.send('GET', '/both'),
    ];
    expect(bodies.map(({ body }) => body === 'second')).toEqual([true, false, true]);
    await Promise.all([both.close(), turns.close()]);
  });
});
