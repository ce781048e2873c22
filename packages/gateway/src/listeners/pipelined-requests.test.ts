import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
const held: ServerResponse[] = [];
const sockets: Socket[] = [];
const patience = { timeout: 10_000, interval: 10 };

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(held.splice(0).map(closing));
  gateway.upstream.reset();
});

function closing(ended: Socket | ServerResponse): Promise<void> {
  return new Promise((resolve) => (ended.closed ? resolve() : ended.once('close', resolve)));
}

/** Sends texts in one write, and keeps what comes back. */
function send(...requests: readonly string[]): { readonly socket: Socket; readonly text: () => string } {
  const socket = connect(gateway.port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write(requests.join(''));
  return { socket, text: () => text };
}

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: app.test\r\n${more}\r\n`;

/** The upstream answers nothing until it is told to. */
function hold(): void {
  gateway.upstream.answer = (_, response) => void held.push(response);
}

describe('requests that a client sends at once on one connection', () => {
  it('are at the service one at a time, and answered in their order', async () => {
    hold();
    const { text } = send(get('/public/1'), get('/public/2'), get('/public/3', 'Connection: close\r\n'));
    for (const [index, expected] of ['/public/1', '/public/2', '/public/3'].entries()) {
      await vi.waitFor(() => expect(held).toHaveLength(index + 1), patience);
      expect(gateway.upstream.seen.at(-1)?.target).toBe(expected);
      expect(gateway.upstream.started).toBe(index + 1);
      held[index]?.end(expected);
    }
    await vi.waitFor(() => expect(text().match(/\/public\/\d/g)).toEqual(['/public/1', '/public/2', '/public/3']));
  });

  it('wait behind one with a body, which is whole', async () => {
    const body = 'POST /public/1 HTTP/1.1\r\nHost: app.test\r\nContent-Length: 3\r\n\r\nabc';
    const { text } = send(body, body, get('/public/2', 'Connection: close\r\n'));
    await vi.waitFor(() => expect(text().match(/HTTP\/1\.1 200/g)).toHaveLength(3), patience);
    expect(gateway.upstream.seen.map(({ body: got }) => got)).toEqual(['abc', 'abc', '']);
  });

  it('are dropped when the client leaves', async () => {
    hold();
    const { socket } = send(get('/public/1'), get('/public/2'), get('/public/3'));
    await vi.waitFor(() => expect(held).toHaveLength(1), patience);
    socket.destroy();
    await Promise.all(held.map(closing));
    expect((await gateway.send('GET', '/healthz')).status).toBe(200);
    expect(gateway.upstream.started).toBe(1);
  });

  it('do not keep others from the service', async () => {
    hold();
    send(...Array.from({ length: 60 }, (_, index) => get(`/public/${index}`)));
    await vi.waitFor(() => expect(held).toHaveLength(1), patience);
    gateway.upstream.answer = (_, response) => void response.end('fine');
    expect((await gateway.send('GET', '/public/other')).status).toBe(200);
    expect(gateway.upstream.started).toBe(2);
  });

  it('are refused with a 401 in their turn', async () => {
    const { text } = send(get('/public/1'), get('/api/x'), get('/public/2', 'Connection: close\r\n'));
    await vi.waitFor(() => expect(text().match(/HTTP\/1\.1 \d+/g)).toHaveLength(3), patience);
    expect(text().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401', 'HTTP/1.1 200']);
  });

  it('end the connection when they are too many, and nothing of them reaches the service', async () => {
    hold();
    const { socket } = send(...Array.from({ length: 3000 }, (_, index) => get(`/public/${index}`)));
    await closing(socket);
    expect((await gateway.send('GET', '/healthz')).status).toBe(200);
    expect(gateway.upstream.started).toBeLessThanOrEqual(1);
  });

  it('are begun without end by a client that reads its answers', async () => {
    const { text } = send(...Array.from({ length: 50 }, (_, index) => get(`/public/${index}`)));
    await vi.waitFor(() => expect(text().match(/HTTP\/1\.1 200/g)).toHaveLength(50), patience);
    expect(gateway.upstream.seen.map(({ target }) => target)).toEqual(
      Array.from({ length: 50 }, (_, index) => `/public/${index}`),
    );
  });
});
