import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RequestRecord } from '../record/record.ts';
import { sendRaw } from '../test-support/raw-client.ts';
import { cookie, startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';
import { handshake, openRaw, type WebSocketClient } from '../test-support/web-socket-client.ts';
import {
  agreementTo,
  exampleKey,
  startWebSocketUpstream,
  type WebSocketUpstream,
} from '../test-support/web-socket-upstream.ts';

let upstream: WebSocketUpstream;
let gateway: TestGateway;
let alice: string;
const records: RequestRecord[] = [];
beforeAll(async () => {
  upstream = await startWebSocketUpstream();
  const origin = upstream.origin;
  gateway = await startTestGateway({
    accessLog: true,
    logger: {
      info: (_, fields) => void records.push(fields as unknown as RequestRecord),
      warn: () => {},
      error: (_, fields) => void records.push(fields as unknown as RequestRecord),
    },
    moreRoutes: [
      { name: 'live', prefix: '/live', access: 'public', upstream: origin },
      { name: 'stripped', prefix: '/stripped', access: 'public', upstream: origin, stripPrefix: true },
      { name: 'quick', prefix: '/quick', access: 'public', upstream: origin, timeouts: { headersMilliseconds: 50 } },
      { name: 'noted', prefix: '/noted', access: 'public', upstream: origin },
      { name: 'down', prefix: '/down', access: 'public', upstream: 'http://127.0.0.1:9' },
      { name: 'own', prefix: '/own', access: 'signed-in', upstream: origin },
      { name: 'maybe', prefix: '/maybe', access: 'optional', upstream: origin },
    ],
  });
  alice = gateway.sessions.add();
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.reset();
  records.length = 0;
});

function open(bytes: string | Buffer, port = gateway.port): WebSocketClient {
  return openRaw(bytes, port);
}

async function openTunnel(target = '/live/x', port = gateway.port): Promise<WebSocketClient> {
  const client = open(handshake(target), port);
  await expect.poll(client.received).toContain('\r\n\r\n');
  expect(client.received()).toContain('HTTP/1.1 101 ');
  return client;
}

describe('a WebSocket of an anonymous caller', () => {
  it('passes both ways', async () => {
    const { socket, received } = await openTunnel();
    socket.write('one');
    await expect.poll(received).toMatch(/\r\n\r\none$/);
    socket.write('two');
    await expect.poll(received).toMatch(/\r\n\r\nonetwo$/);
    socket.destroy();
  });

  it('loses no bytes that came with the handshake or with its answer', async () => {
    upstream.answer = (request, socket, head) => {
      socket.write(`${agreementTo(request)}early `);
      socket.write(head);
      socket.pipe(socket);
    };
    const { socket, received } = open(`${handshake('/live/x')}first\r\n\r\n`);
    await expect.poll(received).toMatch(/\r\n\r\nearly first\r\n\r\n$/);
    socket.destroy();
  });

  it('passes on a kept-alive connection that was used before', async () => {
    const client = open('GET /public/x HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await expect.poll(client.received).toContain('"target"');
    client.socket.write(handshake('/live/x'));
    await expect.poll(client.received).toContain('HTTP/1.1 101 ');
    client.socket.write('hello');
    await expect.poll(client.received).toMatch(/hello$/);
    client.socket.destroy();
  });

  it('reaches the upstream with its own headers, less what only the gateway may say', async () => {
    const { socket } = open(
      handshake('/stripped/hmr?id=1', {
        ...cookie(alice),
        Cookie: `__Host-sallyport=${alice}; theme=dark`,
        'X-Sallyport-User': 'root',
        'X-Forwarded-For': '10.6.6.6',
        'Sec-WebSocket-Protocol': 'chat',
      }),
    );
    await expect.poll(() => upstream.handshakes.length).toBe(1);
    const [seen] = upstream.handshakes;
    expect(seen?.url).toBe('/hmr?id=1');
    expect(seen?.headers).toMatchObject({
      connection: 'upgrade',
      upgrade: 'websocket',
      host: 'app.test',
      cookie: 'theme=dark',
      'sec-websocket-key': exampleKey,
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'chat',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(seen?.headers).not.toHaveProperty('authorization');
    expect(JSON.stringify(seen?.rawHeaders)).not.toMatch(new RegExp(`root|${alice}`));
    socket.destroy();
  });

  it('is agreed to with nothing but what the two ends settle', async () => {
    upstream.answer = (request, socket) =>
      socket.write(
        agreementTo(request, [
          'Sec-WebSocket-Protocol: chat',
          'Server: next',
          'X-Powered-By: Next.js',
          'Set-Cookie: __Host-sallyport=evil',
          'X-Middleware-Rewrite: /x',
        ]),
      );
    const { socket, received } = await openTunnel();
    const names = received()
      .trim()
      .split('\r\n')
      .slice(1)
      .map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
    expect(names.sort()).toEqual([
      'connection',
      'date',
      'sec-websocket-accept',
      'sec-websocket-protocol',
      'upgrade',
      'x-request-id',
    ]);
    socket.destroy();
  });

  it('waits for a reader that is slow', async () => {
    let sent = 0;
    const block = Buffer.alloc(1 << 20);
    upstream.answer = (request, socket) => {
      socket.write(agreementTo(request));
      const push = (): void => {
        while (sent < 200) {
          sent++;
          if (!socket.write(block)) return void socket.once('drain', push);
        }
      };
      push();
    };
    const { socket } = await openTunnel();
    socket.pause();
    let last = -1;
    await expect
      .poll(
        () => {
          const isStill = sent === last;
          last = sent;
          return isStill;
        },
        { interval: 150 },
      )
      .toBe(true);
    expect(sent).toBeLessThan(60);
    socket.destroy();
    await expect.poll(() => upstream.open.size).toBe(0);
  });

  it('needs no Origin, which only browsers send', async () => {
    const client = open(handshake('/live/x', { Origin: undefined }));
    await expect.poll(client.received).toContain('HTTP/1.1 101 ');
    client.socket.destroy();
  });

  it('is written down once, when it is over', async () => {
    const { socket } = await openTunnel('/noted/x?secret=1');
    const lines = (): readonly RequestRecord[] => records.filter(({ route }) => route === 'noted');
    expect(lines()).toEqual([]);
    socket.destroy();
    await expect.poll(() => lines().length).toBe(1);
    expect(lines()[0]).toMatchObject({ status: 101, decision: 'forward', callerKind: 'anonymous' });
    expect(JSON.stringify(lines())).not.toContain('secret');
  });
});

describe('a handshake is refused', () => {
  it.each([
    ['from another site', '/live/x', { Origin: 'https://evil.test' }, 403],
    ['from another port', '/live/x', { Origin: 'https://app.test:8443' }, 403],
    ['from the same host without TLS', '/live/x', { Origin: 'http://app.test' }, 403],
    ['from a sandboxed page', '/live/x', { Origin: 'null', 'Sec-Fetch-Site': 'same-origin' }, 403],
    ['to an unknown host', '/live/x', { Host: 'evil.test' }, 421],
    ['on a path that can be read in two ways', '/live/../own/x', {}, 400],
    ['without a session where one is needed', '/own/x', {}, 401],
    ['by another site where a session is needed', '/own/x', { Origin: 'https://evil.test' }, 403],
    ['to a place in the gateway itself', '/internal/.well-known/jwks.json', {}, 501],
    ['with a bearer token', '/own/x', { Authorization: 'Bearer x' }, 401],
  ])('%s', async (_name, target, change, status) => {
    const answer = await sendRaw(gateway.port, handshake(target, change));
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({ connection: 'close', 'content-type': 'application/problem+json' });
    expect(upstream.handshakes).toHaveLength(0);
  });

  it('on the internal listener', async () => {
    const host = { Host: `127.0.0.1:${gateway.internalPort}` };
    expect((await sendRaw(gateway.internalPort, handshake('/live/x', host))).status).toBe(501);
    expect(upstream.handshakes).toHaveLength(0);
  });

  it.each([
    ['without a key', { 'Sec-WebSocket-Key': undefined }],
    ['with a short key', { 'Sec-WebSocket-Key': 'YWJj' }],
    ['with two keys', { 'Sec-WebSocket-Key': `${exampleKey}\r\nSec-WebSocket-Key: ${exampleKey}` }],
    ['without a version', { 'Sec-WebSocket-Version': undefined }],
    ['with an unknown version', { 'Sec-WebSocket-Version': '777' }],
    ['with two versions', { 'Sec-WebSocket-Version': '13\r\nSec-WebSocket-Version: 13' }],
    ['that does not ask for an upgrade', { Connection: 'close' }],
    ['with another protocol as well', { Upgrade: 'websocket, h2c', Connection: 'Upgrade, close' }],
    ['with two upgrades', { Upgrade: 'websocket\r\nUpgrade: websocket', Connection: 'Upgrade, close' }],
    ['with a body', { 'Content-Length': '2' }],
    ['with a body in chunks', { 'Transfer-Encoding': 'chunked' }],
  ])('when it is malformed: %s', async (_name, change) => {
    expect((await sendRaw(gateway.port, `${handshake('/live/x', change)}hi`)).status).toBe(400);
    expect(upstream.handshakes).toHaveLength(0);
  });

  it('in HTTP/1.0', async () => {
    const answer = await sendRaw(gateway.port, handshake('/live/x').replace('HTTP/1.1', 'HTTP/1.0'));
    expect(answer.status).toBe(400);
  });

  it('with POST', async () => {
    const answer = await sendRaw(gateway.port, handshake('/live/x').replace('GET', 'POST'));
    expect(answer.status).toBe(400);
  });

  it('behind a request that is not answered yet', async () => {
    const answered = Promise.withResolvers<void>();
    gateway.upstream.answer = (_, response) => void answered.promise.then(() => response.end());
    const { socket, received } = open(`GET /public/x HTTP/1.1\r\nHost: app.test\r\n\r\n${handshake('/live/x')}`);
    await once(socket, 'end');
    socket.destroy();
    expect(received()).toBe('');
    expect(upstream.handshakes).toHaveLength(0);
    answered.resolve();
    gateway.upstream.reset();
  });

  it('over the limit, until another ends', async () => {
    const narrow = await startTestGateway({
      streams: { tunnels: 1 },
      moreRoutes: [{ name: 'live', prefix: '/live', access: 'public', upstream: upstream.origin }],
    });
    const first = await openTunnel('/live/x', narrow.port);
    expect((await sendRaw(narrow.port, handshake('/live/x'))).status).toBe(503);
    first.socket.destroy();
    await expect.poll(async () => (await openOnce(narrow.port)).slice(0, 12)).toBe('HTTP/1.1 101');
    await narrow.close();
  });
});

describe('an upstream that', () => {
  it('refuses is heard to the end', async () => {
    upstream.answer = (_, socket) =>
      socket.end('HTTP/1.1 403 Forbidden\r\nServer: next\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno');
    const answer = await sendRaw(gateway.port, handshake('/live/x'));
    expect(answer).toMatchObject({ status: 403, body: 'no' });
    expect(answer.headers).not.toHaveProperty('server');
  });

  it('answers as if it were a plain request is passed on', async () => {
    expect((await sendRaw(gateway.port, handshake('/public/x'))).status).toBe(200);
  });

  it('is down is 502', async () => {
    const answer = await sendRaw(gateway.port, handshake('/down/x'));
    expect(answer.status).toBe(502);
    expect(answer.body).toContain('SP_UPSTREAM_UNAVAILABLE');
  });

  it('hangs up is 502', async () => {
    upstream.answer = (_, socket) => socket.destroy();
    expect((await sendRaw(gateway.port, handshake('/live/x'))).status).toBe(502);
  });

  it('says nothing is 504', async () => {
    upstream.answer = () => {};
    expect((await sendRaw(gateway.port, handshake('/quick/x'))).status).toBe(504);
  });

  it.each([
    ['of another handshake', (answer: string) => answer.replace(/Accept: .*/, 'Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=')],
    ['without proof', (answer: string) => answer.replace(/Sec-WebSocket-Accept: .*\r\n/, '')],
    ['on another protocol', (answer: string) => answer.replace('websocket', 'h2c')],
  ])('sends an agreement %s is 502', async (_name, change) => {
    upstream.answer = (request, socket) => socket.write(change(agreementTo(request)));
    const answer = await sendRaw(gateway.port, handshake('/live/x'));
    expect(answer.status).toBe(502);
    await expect.poll(() => upstream.open.size).toBe(0);
  });
});

describe('the end of a tunnel', () => {
  it('comes with the end of the client', async () => {
    const { socket } = await openTunnel();
    socket.resetAndDestroy();
    await expect.poll(() => upstream.open.size).toBe(0);
  });

  it('comes with the end of the upstream, after its last bytes', async () => {
    const { socket, received } = await openTunnel();
    const ended = once(socket, 'end');
    for (const end of upstream.open) end.end('last');
    await ended;
    expect(received()).toMatch(/last$/);
    socket.destroy();
  });

  it('comes when the upstream breaks', async () => {
    const { socket } = await openTunnel();
    const ended = once(socket, 'end');
    for (const end of upstream.open) end.destroy();
    await ended;
    socket.destroy();
  });

  it('comes when the gateway closes, however long its grace is', async () => {
    const closing = await startTestGateway({
      moreRoutes: [{ name: 'live', prefix: '/live', access: 'public', upstream: upstream.origin }],
    });
    const { socket } = await openTunnel('/live/x', closing.port);
    const gone = once(socket, 'end');
    await closing.gateway.close({ graceMilliseconds: 3_600_000 });
    await gone;
    socket.destroy();
    await expect.poll(() => upstream.open.size).toBe(0);
    await closing.upstream.close();
  });
});

async function openOnce(port: number): Promise<string> {
  const { socket, received } = open(handshake('/live/x'), port);
  await expect.poll(received).toContain('\r\n\r\n');
  socket.destroy();
  return received();
}
