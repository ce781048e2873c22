import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from '../test-support/raw-client.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

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
    ],
  });
  token = gateway.sessions.add();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

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

  it('that stops in the middle is cut, also where the client accepts events', async () => {
    gateway.upstream.answer = (_, response) => void response.write('half');
    const answer = await gateway.send('GET', '/quick/x', { Accept: 'text/event-stream' });
    expect(answer.head + answer.body).not.toContain('0\r\n\r\n');
  });

  it('that sends nothing behind the head of its answer is cut', async () => {
    gateway.upstream.answer = (_, response) => response.writeHead(200, { 'content-length': '9' }).flushHeaders();
    expect((await gateway.send('GET', '/quick/x')).status).toBe(0);
  });

  it.each(['text/event-stream', 'Text/Event-Stream;charset=utf-8'])(
    'is waited for when its answer is %s, whatever the client accepts',
    async (type) => {
      const first = Promise.withResolvers<ServerResponse>();
      gateway.upstream.answer = (_, response) => {
        response.writeHead(200, { 'content-type': type }).write('data: 1\n\n', () => first.resolve(response));
      };
      const pending = gateway.send('GET', '/quick/x', { Accept: '*/*' });
      const response = await first.promise;
      // Four times as long as an answer of another kind may be silent.
      await new Promise((resolve) => setTimeout(resolve, 200));
      response.end('data: 2\n\n');
      expect((await pending).body).toBe('data: 1\n\ndata: 2\n\n');
    },
  );

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
