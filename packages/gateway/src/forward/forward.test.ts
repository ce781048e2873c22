import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway({
    moreRoutes: [
      {
        name: 'quick',
        prefix: '/quick',
        access: 'public',
        timeouts: { headersMilliseconds: 50, idleMilliseconds: 50 },
      },
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
    ['/public/x', 'http://orders.internal:3001/a?b#c', 'https://app.test/a?b#c'],
    ['/public/x', 'http://10.0.0.3/a', 'https://app.test/a'],
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

describe('an upstream that fails', () => {
  it('S07: never answers one client with what another asked for', async () => {
    const pending = Promise.withResolvers<void>();
    gateway.upstream.answer = (request, response) => {
      if (request.url === '/public/slow') void pending.promise.then(() => response.end('slow'));
      else response.end('fast');
    };
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write('GET /public/slow HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await expect.poll(() => gateway.upstream.seen.length).toBe(1);
    socket.destroy();
    await once(socket, 'close');
    const next = await gateway.send('GET', '/public/fast');
    pending.resolve();
    expect(next.body).toBe('fast');
    expect((await gateway.send('GET', '/public/fast')).body).toBe('fast');
  });

  it('is told when the client leaves', async () => {
    const gone = Promise.withResolvers<void>();
    gateway.upstream.answer = (_, response) => response.on('close', () => gone.resolve()).write('first');
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(`GET /events HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${token}\r\n\r\n`);
    await once(socket, 'data');
    socket.destroy();
    await gone.promise;
  });

  it('by silence is 504', async () => {
    gateway.upstream.answer = () => {};
    const answer = await gateway.send('GET', '/quick/x');
    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'SP_UPSTREAM_TIMEOUT' });
  });

  it.each([
    ['dies in the middle', (socket: { destroy(): void }) => socket.destroy()],
    ['stops in the middle', () => {}],
  ])('when it %s never looks whole', async (_name, end) => {
    gateway.upstream.answer = (request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => end(request.socket));
    };
    const answer = await gateway.send('GET', '/quick/x');
    expect(answer.status).toBe(200);
    expect(answer.body).toBe('half');
  });

  it('when a chunked answer is cut is not ended with a last chunk', async () => {
    gateway.upstream.answer = (request, response) => response.write('half', () => request.socket.destroy());
    const answer = await sendRaw(gateway.port, 'GET /public/x HTTP/1.1\r\nHost: app.test\r\n\r\n');
    expect(answer.head + answer.body).not.toContain('0\r\n\r\n');
  });

  it('after the request was sent gets a GET a second time, and a POST never', async () => {
    gateway.upstream.answer = (request) => request.socket.destroy();
    expect((await gateway.send('GET', '/public/x')).status).toBe(502);
    expect(gateway.upstream.started).toBe(2);
    gateway.upstream.reset();
    gateway.upstream.answer = (request) => request.socket.destroy();
    expect((await gateway.send('POST', '/public/x', {}, 'once')).status).toBe(502);
    expect(gateway.upstream.started).toBe(1);
  });

  it.each([
    ['with a length', (size: number) => `Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`],
    [
      'in chunks',
      (size: number) => `Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`,
    ],
  ])('S08: because it answers before the body is read is heard all the same: %s', async (_name, body) => {
    const early = createServer((_, response) => {
      response.writeHead(413, { 'content-length': '5' });
      response.end('early');
    }).listen(0, '127.0.0.1');
    await once(early, 'listening');
    const { port } = early.address() as AddressInfo;
    const refusing = await startTestGateway({
      moreRoutes: [{ name: 'early', prefix: '/early', access: 'public', upstream: `http://127.0.0.1:${port}` }],
    });
    for (let round = 0; round < 3; round++) {
      const answer = await sendRaw(
        refusing.port,
        `POST /early/x HTTP/1.1\r\nHost: app.test\r\n${body(4_000_000)}` +
          'GET /healthz HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n',
      );
      expect(answer.status).toBe(413);
      expect(answer.body).toMatch(/^earlyHTTP\/1\.1 200/);
    }
    early.close();
    early.closeAllConnections();
    await refusing.close();
  });

  it('with an upgrade that was not asked for is 502', async () => {
    gateway.upstream.answer = (request) =>
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    expect((await gateway.send('GET', '/public/x')).status).toBe(502);
  });
});

describe('streams', () => {
  it('pass on each part as it comes', async () => {
    const second = Promise.withResolvers<void>();
    gateway.upstream.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      void second.promise.then(() => response.end('data: 2\n\n'));
    };
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(`GET /events HTTP/1.1\r\nHost: app.test\r\nCookie: __Host-sallyport=${token}\r\n\r\n`);
    const parts: string[] = [];
    socket.on('data', (chunk: Buffer) => parts.push(chunk.toString()));
    await expect.poll(() => parts.join('')).toContain('data: 1');
    second.resolve();
    await expect.poll(() => parts.join('')).toContain('data: 2');
    socket.destroy();
  });

  it('W08: wait for a reader that is slow', async () => {
    let sent = 0;
    const block = Buffer.alloc(1 << 20);
    gateway.upstream.answer = (_, response) => {
      const push = (): void => {
        while (sent < 200) {
          sent++;
          if (!response.write(block)) return void response.once('drain', push);
        }
        response.end();
      };
      push();
    };
    const socket = connect(gateway.port, '127.0.0.1');
    socket.pause();
    socket.write('GET /public/big HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n');
    await expect.poll(() => sent).toBeGreaterThan(1);
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 300);
    await settled;
    // What is in flight is bounded by the buffers of sockets, not by the length of the answer.
    expect(sent).toBeLessThan(60);
    let received = 0;
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
    socket.resume();
    await once(socket, 'close');
    expect(received).toBeGreaterThan(200 * block.length);
  });
});

describe('closing', () => {
  it('is not held up by connections that were opened ahead of need or are idle', async () => {
    const closing = await startTestGateway();
    const unused = connect(closing.port, '127.0.0.1');
    const idle = connect(closing.port, '127.0.0.1');
    idle.write('GET /public/x HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await Promise.all([once(unused, 'connect'), once(idle, 'data')]);
    const gone = Promise.all([once(unused, 'close'), once(idle, 'close')]);
    await closing.gateway.close({ graceMilliseconds: 3_600_000 });
    await gone;
    await closing.upstream.close();
  });

  it('lets a running request end, and takes no new one', async () => {
    const closing = await startTestGateway();
    const release = Promise.withResolvers<void>();
    closing.upstream.answer = (_, response) => void release.promise.then(() => response.end('done'));
    const running = closing.send('GET', '/public/x', { Connection: 'keep-alive' });
    await expect.poll(() => closing.upstream.seen.length).toBe(1);
    const closed = closing.gateway.close({ graceMilliseconds: 3_600_000 });
    await expect(closing.send('GET', '/public/y')).rejects.toThrow('ECONNREFUSED');
    release.resolve();
    expect((await running).body).toBe('done');
    await closed;
    await closing.upstream.close();
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
