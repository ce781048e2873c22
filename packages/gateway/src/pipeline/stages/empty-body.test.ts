import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from '../../test-support/raw-client.ts';
import { startTestGateway, type TestGateway } from '../../test-support/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.upstream.reset());

const head = (method: string): string =>
  `${method} /public/x HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n`;
const next = 'GET /public/next HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n';

describe('chunks that hold nothing', () => {
  it.each(['GET', 'HEAD'])('are no body on %s, and what follows is the next request', async (method) => {
    const answer = await sendRaw(gateway.port, `${head(method)}0\r\n\r\n${next}`);
    expect(answer.status).toBe(200);
    expect(gateway.upstream.seen.map(({ target }) => target)).toEqual(['/public/x', '/public/next']);
    expect(gateway.upstream.seen[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  it('may come after the head', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    socket.write(head('GET'));
    setImmediate(() => socket.write('0\r\n', () => setImmediate(() => socket.write('\r\n'))));
    await expect.poll(() => received, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });
});

describe('chunks that hold something', () => {
  it.each(['GET', 'HEAD'])('are refused on %s, and nothing behind them is a request', async (method) => {
    const answer = await sendRaw(gateway.port, `${head(method)}1\r\nx\r\n0\r\n\r\n${next}`);
    expect(answer.status).toBe(400);
    expect(answer.headers['connection']).toBe('close');
    expect(gateway.upstream.started).toBe(0);
  });

  it('are refused on a handshake, whatever they hold', async () => {
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    const request = head('GET').replace('\r\n\r\n', `\r\n${upgrade}${key}\r\n`);
    expect((await sendRaw(gateway.port, `${request}0\r\n\r\n`)).status).toBe(400);
    expect(gateway.upstream.started).toBe(0);
  });
});
