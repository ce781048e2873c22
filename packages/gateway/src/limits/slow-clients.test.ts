import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { GatewayLimits } from './gateway-limits.ts';
import { holdIntervals, passSeconds, releaseIntervals } from '../test-support/interval-clock.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

let gateway: TestGateway;
const sockets: Socket[] = [];
afterEach(async () => {
  releaseIntervals();
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.close();
});

async function open(limits: GatewayLimits): Promise<void> {
  gateway = await startTestGateway({
    limits,
    moreRoutes: [{ name: 'stream', prefix: '/stream', access: 'public', streaming: true }],
  });
}

/** A connection whose answers are kept as text, unless they are not read. */
function client({ isReading = true }: { readonly isReading?: boolean } = {}): {
  readonly socket: Socket;
  readonly text: () => string;
  readonly isClosed: () => boolean;
} {
  const socket = connect(gateway.port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  let isClosed = false;
  socket.on('error', () => {});
  socket.on('close', () => (isClosed = true));
  if (isReading) socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  else socket.pause();
  return { socket, text: () => text, isClosed: () => isClosed };
}

/** Lets the gateway look at its clients so many times. */
function passMany(count: number): void {
  for (let time = 0; time < count; time++) passSeconds(0.025);
}

const soon = { timeout: 15_000, interval: 20 };
const head = (line: string, more = ''): string => `${line} HTTP/1.1\r\nHost: app.test\r\n${more}`;

describe('headers', () => {
  it('that never end are answered and hung up on', async () => {
    await open({ headersSeconds: 0.3 });
    const { socket, text, isClosed } = client();
    socket.write(head('GET /public/x'));
    await vi.waitFor(() => expect(isClosed()).toBe(true), soon);
    expect(text()).toMatch(/^HTTP\/1\.1 408 /);
    expect(text()).toContain('SP_REQUEST_TIMEOUT');
  });

  it('that come a byte at a time gain nothing by it', async () => {
    await open({ headersSeconds: 0.5 });
    const { socket, isClosed } = client();
    socket.write('GET /public/x HTTP/1.1\r\nHost: app.test\r\nX-Slow: ');
    const drip = setInterval(() => socket.write('x'), 50);
    await vi.waitFor(() => expect(isClosed()).toBe(true), soon);
    clearInterval(drip);
    expect(gateway.upstream.started).toBe(0);
  });
});

describe('a body', () => {
  it('that drips is answered with 408, and its service has not heard of it', async () => {
    await open({ slowSeconds: 0.3, slowBytesPerSecond: 1000 });
    const { socket, text, isClosed } = client();
    socket.write(head('POST /public/x', 'Content-Length: 100000\r\n\r\n'));
    const drip = setInterval(() => socket.write('x'), 50);
    await vi.waitFor(() => expect(isClosed()).toBe(true), soon);
    clearInterval(drip);
    expect(text()).toMatch(/^HTTP\/1\.1 408 /);
    expect(text()).toContain('SP_REQUEST_TIMEOUT');
    expect(gateway.upstream.started).toBe(0);
  });

  it('in pieces without a length is judged alike', async () => {
    await open({ slowSeconds: 0.3, slowBytesPerSecond: 1000 });
    const { socket, text } = client();
    socket.write(head('POST /public/x', 'Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n'));
    await vi.waitFor(() => expect(text()).toMatch(/^HTTP\/1\.1 408 /), soon);
  });

  it('that takes long but keeps coming arrives', async () => {
    await open({ slowSeconds: 0.3, slowBytesPerSecond: 1000 });
    const { socket, text } = client();
    socket.write(head('POST /public/x', 'Content-Length: 100000\r\n\r\n'));
    for (let sent = 0; sent < 100_000; sent += 2500) {
      socket.write('x'.repeat(2500));
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await vi.waitFor(() => expect(text()).toMatch(/^HTTP\/1\.1 200 /), soon);
    expect(gateway.upstream.seen[0]?.body).toHaveLength(100_000);
  });

  it.each([
    ['whose answer may stay open', 'POST /stream/x', ''],
    ['whose client accepts events', 'POST /public/x', 'Accept: text/event-stream\r\n'],
    ['whose client accepts anything', 'POST /public/x', 'Accept: application/json, Text/Event-Stream;q=0.9\r\n'],
  ])('%s is judged alike', async (_, line, accept) => {
    await open({ slowSeconds: 0.3, slowBytesPerSecond: 1000 });
    const { socket, text } = client();
    socket.write(head(line, `${accept}Content-Length: 100000\r\n\r\na`));
    await vi.waitFor(() => expect(text()).toMatch(/^HTTP\/1\.1 408 /), soon);
    expect(gateway.upstream.seen).toEqual([]);
  });
});

describe('an answer', () => {
  const answerEndlessly = (
    type = 'application/octet-stream',
  ): { readonly written: () => number; readonly isOver: () => boolean } => {
    let written = 0;
    let isOver = false;
    gateway.upstream.answer = (_, response) => {
      const piece = Buffer.alloc(65_536);
      const go = (): void => {
        while (!isOver) {
          written += piece.length;
          if (!response.write(piece)) return;
        }
      };
      response.on('drain', go);
      response.on('close', () => (isOver = true));
      response.writeHead(200, { 'content-type': type });
      go();
    };
    return { written: () => written, isOver: () => isOver };
  };

  it('that is not read is cut, and its service notices', async () => {
    await open({ slowSeconds: 0.3, slowBytesPerSecond: 1_000_000 });
    const { isOver } = answerEndlessly();
    const { socket, isClosed } = client({ isReading: false });
    socket.write(head('GET /public/x', '\r\n'));
    await vi.waitFor(() => expect(isOver()).toBe(true), soon);
    socket.resume();
    await vi.waitFor(() => expect(isClosed()).toBe(true), soon);
  });

  it('that is not read is cut, also where its client accepts events', async () => {
    await open({ slowSeconds: 0.3, slowBytesPerSecond: 1_000_000 });
    const { isOver } = answerEndlessly();
    client({ isReading: false }).socket.write(head('GET /public/x', 'Accept: text/event-stream\r\n\r\n'));
    await vi.waitFor(() => expect(isOver()).toBe(true), soon);
  });

  it('that is not read is cut behind a stream on the same connection', async () => {
    await open({ slowSeconds: 0.3, slowBytesPerSecond: 1_000_000 });
    const { socket, text } = client();
    socket.write(head('GET /stream/x', '\r\n'));
    await vi.waitFor(() => expect(text()).toMatch(/^HTTP\/1\.1 200 /), soon);
    const { isOver } = answerEndlessly();
    socket.pause();
    socket.write(head('GET /public/x', '\r\n'));
    await vi.waitFor(() => expect(isOver()).toBe(true), soon);
  });

  it.each([
    ['on a route whose answers may stay open', '/stream/x', undefined],
    ['of events', '/public/x', 'Text/Event-Stream; charset=utf-8'],
  ])('%s waits for its reader', async (_, path, type) => {
    holdIntervals();
    await open({ slowSeconds: 0.1, slowBytesPerSecond: 1_000_000 });
    const { written, isOver } = answerEndlessly(type);
    const { socket } = client({ isReading: false });
    socket.write(head(`GET ${path}`, '\r\n'));
    await vi.waitFor(() => expect(written()).toBeGreaterThan(65_536), soon);
    passMany(60);
    const before = written();
    socket.resume();
    // More than all buffers on the way hold: what was cut would end before.
    await vi.waitFor(() => expect(written()).toBeGreaterThan(before + 50_000_000), soon);
    expect(isOver()).toBe(false);
    socket.destroy();
    await vi.waitFor(() => expect(isOver()).toBe(true), soon);
  });
});

describe('connections', () => {
  it('on which nothing is asked are closed', async () => {
    await open({ idleSeconds: 0.3 });
    const { socket, text, isClosed } = client();
    socket.write(head('GET /public/x', '\r\n'));
    await vi.waitFor(() => expect(text()).toMatch(/^HTTP\/1\.1 200 /), soon);
    await vi.waitFor(() => expect(isClosed()).toBe(true), soon);
  });

  it('of one address are so many and no more', async () => {
    await open({ connectionsPerAddress: 3 });
    const clients = [client(), client(), client()];
    await Promise.all(clients.map(({ socket }) => once(socket, 'connect')));
    const fourth = client();
    await vi.waitFor(() => expect(fourth.isClosed()).toBe(true), soon);
    clients[0]?.socket.destroy();
    await vi.waitFor(async () => {
      const next = client();
      next.socket.write(head('GET /public/x', 'Connection: close\r\n\r\n'));
      await vi.waitFor(() => expect(next.text()).toMatch(/^HTTP\/1\.1 200 /), { timeout: 500, interval: 10 });
    }, soon);
  });

  it('are bounded in number, for all clients together', async () => {
    await open({ connections: 2 });
    const clients = [client(), client()];
    await Promise.all(clients.map(({ socket }) => once(socket, 'connect')));
    const third = client();
    await vi.waitFor(() => expect(third.isClosed()).toBe(true), soon);
  });

  it('of a declared proxy have no limit of their own', async () => {
    gateway = await startTestGateway({ trustedProxies: ['127.0.0.1'], limits: { connectionsPerAddress: 1 } });
    const clients = [client(), client(), client()];
    for (const { socket } of clients) socket.write(head('GET /public/x', '\r\n'));
    await vi.waitFor(() => {
      for (const { text } of clients) expect(text()).toMatch(/^HTTP\/1\.1 200 /);
    }, soon);
  });
});

describe('what is too large', () => {
  it.each([
    ['headers beyond their bytes', `X-Large: ${'x'.repeat(20_000)}\r\n`],
    ['thousands of tiny headers', 'X: y\r\n'.repeat(1900)],
    ['hundreds of cookies', `Cookie: ${Array.from({ length: 200 }, (_, index) => `c${index}=1`).join('; ')}\r\n`],
    [
      'hundreds of cookies in many headers',
      Array.from({ length: 60 }, (_, i) => `Cookie: a${i}=1; b${i}=2\r\n`).join(''),
    ],
  ])('is refused with 431 when it is %s', async (_name, lines) => {
    await open({});
    const { socket, text, isClosed } = client();
    socket.write(head('GET /public/x', `${lines}\r\n`));
    await vi.waitFor(() => expect(isClosed()).toBe(true), soon);
    expect(text()).toMatch(/^HTTP\/1\.1 431 /);
    expect(text()).toContain('SP_HEADERS_TOO_LARGE');
    expect(gateway.upstream.started).toBe(0);
  });
});
