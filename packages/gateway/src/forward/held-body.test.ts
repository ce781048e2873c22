import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { sendRaw } from '../test-support/raw-client.ts';
import { startEchoUpstream, type EchoUpstream } from '../test-support/echo-upstream.ts';
import type { TestGateway } from '../test-support/test-gateway.ts';
import { closeAfterwards, closeTargets, gatewayTo, settled } from './targets.test-support.ts';

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await closeTargets();
});

async function startUpstream(): Promise<EchoUpstream> {
  const upstream = await startEchoUpstream();
  closeAfterwards(() => upstream.close());
  return upstream;
}

interface Client {
  readonly socket: Socket;
  readonly text: () => string;
}

function open(gateway: TestGateway, ...pieces: readonly string[]): Client {
  const socket = connect(gateway.port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  for (const piece of pieces) socket.write(piece);
  return { socket, text: () => text };
}

const post = (headers: string, path = '/many/x'): string => `POST ${path} HTTP/1.1\r\nHost: app.test\r\n${headers}\r\n`;

describe('a body that comes slowly', () => {
  it.each([
    ['with a length', 'Content-Length: 100\r\n', 'a'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n', '1\r\na\r\n'],
    ['whose client accepts events', 'Content-Length: 100\r\nAccept: text/event-stream\r\n', 'a'],
    ['of which nothing came', 'Content-Length: 100\r\n', ''],
    ['that was asked for', 'Content-Length: 100\r\nExpect: 100-continue\r\n', ''],
  ])('%s takes no place at the upstream', async (_, headers, beginning) => {
    const upstream = await startUpstream();
    const gateway = await gatewayTo(upstream.origin, { limits: { inFlight: 2 } });
    for (let count = 0; count < 5; count++) open(gateway, post(headers), beginning);
    for (let count = 0; count < 3; count++) expect((await gateway.send('GET', '/many/quick')).status).toBe(200);
    expect(upstream.started).toBe(3);
  });

  it('is sent when the rest has come, as it is', async () => {
    const upstream = await startUpstream();
    const gateway = await gatewayTo(upstream.origin);
    const { socket, text } = open(gateway, post('Content-Length: 6\r\n'), 'abc');
    expect((await gateway.send('GET', '/many/quick')).status).toBe(200);
    expect(upstream.started).toBe(1);
    socket.write('def');
    await expect.poll(text, settled).toContain('HTTP/1.1 200');
    expect(upstream.seen.at(-1)?.body).toBe('abcdef');
  });

  it('is dropped when its client leaves', async () => {
    const upstream = await startUpstream();
    const gateway = await gatewayTo(upstream.origin);
    const { socket } = open(gateway, post('Content-Length: 6\r\n'), 'abc');
    expect((await gateway.send('GET', '/many/quick')).status).toBe(200);
    socket.destroy();
    expect((await gateway.send('GET', '/many/quick')).status).toBe(200);
    expect(upstream.started).toBe(2);
  });

  it('is decided on again when it is there: a session that ended meanwhile reaches no service', async () => {
    const upstream = await startUpstream();
    const gateway = await gatewayTo(upstream.origin, { access: 'signed-in' });
    const session = gateway.sessions.add();
    const headers = `Origin: https://app.test\r\nCookie: __Host-sallyport=${session}\r\nContent-Length: 6\r\n`;
    const { socket, text } = open(gateway, post(headers), 'abc');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const sid = gateway.sessions.sidOf(session);
    gateway.sessions.remove(session);
    await gateway.bus.revoke('session', sid);
    socket.write('def');
    await expect.poll(text, settled).toContain('HTTP/1.1 401');
    expect(upstream.started).toBe(0);
  });

  it('counts once against limits, although it is decided on again', async () => {
    const upstream = await startUpstream();
    const gateway = await gatewayTo(upstream.origin, {
      limits: { requests: [{ per: 'address', max: 1, seconds: 3600 }] },
    });
    const { socket, text } = open(gateway, post('Content-Length: 6\r\n'), 'abc');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    socket.write('def');
    await expect.poll(text, settled).toContain('HTTP/1.1 200');
  });
});

describe('a large body', () => {
  it.each([
    ['after 16 KiB', {}, 16_384],
    ['after what the route says', { limits: { bodyHeldBytes: 1000 } }, 1000],
    ['after more than a stream holds by itself', { limits: { bodyHeldBytes: 300_000 } }, 300_000],
    ['at once where the route holds nothing', { limits: { bodyHeldBytes: 0 } }, 0],
    ['at once on a streaming route', { streaming: true }, 0],
  ])('is at the upstream %s', async (_, change, held) => {
    const upstream = await startUpstream();
    const gateway = await gatewayTo(upstream.origin, change);
    const { socket } = open(gateway, post('Content-Length: 1000000\r\n'));
    if (held > 0) {
      socket.write('x'.repeat(held - 1));
      expect((await gateway.send('GET', '/same/quick')).status).toBe(200);
      expect(upstream.started).toBe(1);
    }
    socket.write('x');
    await expect.poll(() => upstream.started, settled).toBe(held > 0 ? 2 : 1);
    expect(upstream.seen).toHaveLength(held > 0 ? 1 : 0);
  });

  it('is not asked for where no target is open to it', async () => {
    const upstream = await startUpstream();
    const gateway = await gatewayTo(upstream.origin, { limits: { inFlight: 1 } });
    upstream.answer = () => {};
    open(gateway, 'GET /many/held HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await expect.poll(() => upstream.started, settled).toBe(1);
    const { text } = open(gateway, post('Content-Length: 1000000\r\nExpect: 100-continue\r\n'));
    await expect.poll(text, settled).toContain('HTTP/1.1 503');
    expect(text()).not.toContain('100 Continue');
  });

  it.each([
    ['in one chunk', 'x'.repeat(2000)],
    ['in a chunk after the first', `${'x'.repeat(900)}\r\n384\r\n${'x'.repeat(900)}`],
  ])('beyond the limit is refused before the upstream hears of it, %s', async (_, rest) => {
    const upstream = await startUpstream();
    const gateway = await gatewayTo(upstream.origin, { limits: { bodyBytes: 1000 } });
    const size = rest.includes('\r\n') ? '384' : '7d0';
    const { text } = open(gateway, post('Transfer-Encoding: chunked\r\n'), `${size}\r\n${rest}\r\n`);
    await expect.poll(text, settled).toContain('HTTP/1.1 413');
    expect(upstream.started).toBe(0);
  });
});

describe('every body', () => {
  it('arrives whole, whatever pieces it comes in and however much of it is held', async () => {
    const upstream = await startUpstream();
    const heldBytes = [0, 1, 16_384, 100_000];
    const gateway = await gatewayTo(upstream.origin, {}, {});
    const gateways = await Promise.all(
      heldBytes.map((bodyHeldBytes) => gatewayTo(upstream.origin, { limits: { bodyHeldBytes } })),
    );
    const pieces = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 8000, max: 70_000 })), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(pieces, fc.boolean(), fc.nat(heldBytes.length), async (sizes, isChunked, index) => {
        const texts = sizes.map((size, number) => String.fromCharCode(97 + number).repeat(size));
        const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${texts.join('').length}`;
        const body = isChunked
          ? `${texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('')}0\r\n\r\n`
          : texts.join('');
        const { port } = gateways[index] ?? gateway;
        const answer = await sendRaw(port, post(`Connection: close\r\n${framing}\r\n`) + body);
        expect(answer.status).toBe(200);
        expect(upstream.seen.at(-1)?.body).toBe(texts.join(''));
      }),
      { numRuns: 40 },
    );
  });
});
