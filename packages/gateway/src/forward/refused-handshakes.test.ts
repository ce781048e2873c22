import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendRaw } from '../test-support/raw-client.ts';
import { startTestGateway } from '../test-support/test-gateway.ts';
import { handshake } from '../test-support/web-socket-client.ts';
import { agreementTo, exampleKey } from '../test-support/web-socket-upstream.ts';
import { startTestTunnels, type TestTunnels } from './tunnels.test-support.ts';

let tunnels: TestTunnels;
beforeAll(async () => {
  tunnels = await startTestTunnels();
});
afterAll(() => tunnels.close());
beforeEach(() => tunnels.reset());

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
    const answer = await sendRaw(tunnels.gateway.port, handshake(target, change));
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({ connection: 'close', 'content-type': 'application/problem+json' });
    expect(tunnels.upstream.handshakes).toHaveLength(0);
  });

  it('on the internal listener', async () => {
    const host = { Host: `127.0.0.1:${tunnels.gateway.internalPort}` };
    expect((await sendRaw(tunnels.gateway.internalPort, handshake('/live/x', host))).status).toBe(501);
    expect(tunnels.upstream.handshakes).toHaveLength(0);
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
    expect((await sendRaw(tunnels.gateway.port, `${handshake('/live/x', change)}hi`)).status).toBe(400);
    expect(tunnels.upstream.handshakes).toHaveLength(0);
  });

  it('in HTTP/1.0', async () => {
    const answer = await sendRaw(tunnels.gateway.port, handshake('/live/x').replace('HTTP/1.1', 'HTTP/1.0'));
    expect(answer.status).toBe(400);
  });

  it('with POST', async () => {
    const answer = await sendRaw(tunnels.gateway.port, handshake('/live/x').replace('GET', 'POST'));
    expect(answer.status).toBe(400);
  });

  it('behind a request that is not answered yet', async () => {
    const answered = Promise.withResolvers<void>();
    tunnels.gateway.upstream.answer = (_, response) => void answered.promise.then(() => response.end());
    const { socket, received } = tunnels.open(
      `GET /public/x HTTP/1.1\r\nHost: app.test\r\n\r\n${handshake('/live/x')}`,
    );
    await once(socket, 'end');
    socket.destroy();
    expect(received()).toBe('');
    expect(tunnels.upstream.handshakes).toHaveLength(0);
    answered.resolve();
    tunnels.gateway.upstream.reset();
  });

  it('over the limit, until another ends', async () => {
    const narrow = await startTestGateway({
      streams: { tunnels: 1 },
      moreRoutes: [{ name: 'live', prefix: '/live', access: 'public', upstream: tunnels.upstream.origin }],
    });
    const first = await tunnels.openTunnel('/live/x', narrow.port);
    expect((await sendRaw(narrow.port, handshake('/live/x'))).status).toBe(503);
    first.socket.destroy();
    await expect.poll(async () => (await openOnce(narrow.port)).slice(0, 12)).toBe('HTTP/1.1 101');
    await narrow.close();
  });
});

describe('an upstream that', () => {
  it('refuses is heard to the end', async () => {
    tunnels.upstream.answer = (_, socket) =>
      socket.end('HTTP/1.1 403 Forbidden\r\nServer: next\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno');
    const answer = await sendRaw(tunnels.gateway.port, handshake('/live/x'));
    expect(answer).toMatchObject({ status: 403, body: 'no' });
    expect(answer.headers).not.toHaveProperty('server');
  });

  it('answers as if it were a plain request is passed on', async () => {
    expect((await sendRaw(tunnels.gateway.port, handshake('/public/x'))).status).toBe(200);
  });

  it('is down is 502', async () => {
    const answer = await sendRaw(tunnels.gateway.port, handshake('/down/x'));
    expect(answer.status).toBe(502);
    expect(answer.body).toContain('SP_UPSTREAM_UNAVAILABLE');
  });

  it('hangs up is 502', async () => {
    tunnels.upstream.answer = (_, socket) => socket.destroy();
    expect((await sendRaw(tunnels.gateway.port, handshake('/live/x'))).status).toBe(502);
  });

  it('says nothing is 504', async () => {
    tunnels.upstream.answer = () => {};
    expect((await sendRaw(tunnels.gateway.port, handshake('/quick/x'))).status).toBe(504);
  });

  it.each([
    ['of another handshake', (answer: string) => answer.replace(/Accept: .*/, 'Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=')],
    ['without proof', (answer: string) => answer.replace(/Sec-WebSocket-Accept: .*\r\n/, '')],
    ['on another protocol', (answer: string) => answer.replace('websocket', 'h2c')],
  ])('sends an agreement %s is 502', async (_name, change) => {
    tunnels.upstream.answer = (request, socket) => socket.write(change(agreementTo(request)));
    const answer = await sendRaw(tunnels.gateway.port, handshake('/live/x'));
    expect(answer.status).toBe(502);
    await expect.poll(() => tunnels.upstream.open.size).toBe(0);
  });
});

async function openOnce(port: number): Promise<string> {
  const { socket, received } = tunnels.open(handshake('/live/x'), port);
  await expect.poll(received).toContain('\r\n\r\n');
  socket.destroy();
  return received();
}
