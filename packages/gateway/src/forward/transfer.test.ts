import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  token = gateway.sessions.add();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

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
