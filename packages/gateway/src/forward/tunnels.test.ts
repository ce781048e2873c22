import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RequestRecord } from '../record/record.ts';
import { cookie, startTestGateway } from '../test-support/test-gateway.ts';
import { handshake } from '../test-support/web-socket-client.ts';
import { agreementTo, exampleKey } from '../test-support/web-socket-upstream.ts';
import { startTestTunnels, type TestTunnels } from './tunnels.test-support.ts';

let tunnels: TestTunnels;
beforeAll(async () => {
  tunnels = await startTestTunnels();
});
afterAll(() => tunnels.close());
beforeEach(() => tunnels.reset());

describe('a WebSocket of an anonymous caller', () => {
  it('passes both ways', async () => {
    const { socket, received } = await tunnels.openTunnel();
    socket.write('one');
    await expect.poll(received).toMatch(/\r\n\r\none$/);
    socket.write('two');
    await expect.poll(received).toMatch(/\r\n\r\nonetwo$/);
    socket.destroy();
  });

  it('loses no bytes that came with the handshake or with its answer', async () => {
    tunnels.upstream.answer = (request, socket, head) => {
      socket.write(`${agreementTo(request)}early `);
      socket.write(head);
      socket.pipe(socket);
    };
    const { socket, received } = tunnels.open(`${handshake('/live/x')}first\r\n\r\n`);
    await expect.poll(received).toMatch(/\r\n\r\nearly first\r\n\r\n$/);
    socket.destroy();
  });

  it('passes on a kept-alive connection that was used before', async () => {
    const client = tunnels.open('GET /public/x HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await expect.poll(client.received).toContain('"target"');
    client.socket.write(handshake('/live/x'));
    await expect.poll(client.received).toContain('HTTP/1.1 101 ');
    client.socket.write('hello');
    await expect.poll(client.received).toMatch(/hello$/);
    client.socket.destroy();
  });

  it('reaches the upstream with its own headers, less what only the gateway may say', async () => {
    const alice = tunnels.gateway.sessions.add();
    const { socket } = tunnels.open(
      handshake('/stripped/hmr?id=1', {
        ...cookie(alice),
        Cookie: `__Host-sallyport=${alice}; theme=dark`,
        'X-Sallyport-User': 'root',
        'X-Forwarded-For': '10.6.6.6',
        'Sec-WebSocket-Protocol': 'chat',
      }),
    );
    await expect.poll(() => tunnels.upstream.handshakes.length).toBe(1);
    const [seen] = tunnels.upstream.handshakes;
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
    tunnels.upstream.answer = (request, socket) =>
      socket.write(
        agreementTo(request, [
          'Sec-WebSocket-Protocol: chat',
          'Server: next',
          'X-Powered-By: Next.js',
          'Set-Cookie: __Host-sallyport=evil',
          'X-Middleware-Rewrite: /x',
        ]),
      );
    const { socket, received } = await tunnels.openTunnel();
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
    tunnels.upstream.answer = (request, socket) => {
      socket.write(agreementTo(request));
      const push = (): void => {
        while (sent < 200) {
          sent++;
          if (!socket.write(block)) return void socket.once('drain', push);
        }
      };
      push();
    };
    const { socket } = await tunnels.openTunnel();
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
    await expect.poll(() => tunnels.upstream.open.size).toBe(0);
  });

  it('needs no Origin, which only browsers send', async () => {
    const client = tunnels.open(handshake('/live/x', { Origin: undefined }));
    await expect.poll(client.received).toContain('HTTP/1.1 101 ');
    client.socket.destroy();
  });

  it('is written down once, when it is over', async () => {
    const { socket } = await tunnels.openTunnel('/noted/x?secret=1');
    const lines = (): readonly RequestRecord[] => tunnels.records.filter(({ route }) => route === 'noted');
    expect(lines()).toEqual([]);
    socket.destroy();
    await expect.poll(() => lines().length).toBe(1);
    expect(lines()[0]).toMatchObject({ status: 101, decision: 'forward', callerKind: 'anonymous' });
    expect(JSON.stringify(lines())).not.toContain('secret');
  });
});

describe('the end of a tunnel', () => {
  it('comes with the end of the client', async () => {
    const { socket } = await tunnels.openTunnel();
    socket.resetAndDestroy();
    await expect.poll(() => tunnels.upstream.open.size).toBe(0);
  });

  it('comes with the end of the upstream, after its last bytes', async () => {
    const { socket, received } = await tunnels.openTunnel();
    const ended = once(socket, 'end');
    for (const end of tunnels.upstream.open) end.end('last');
    await ended;
    expect(received()).toMatch(/last$/);
    socket.destroy();
  });

  it('comes when the upstream breaks', async () => {
    const { socket } = await tunnels.openTunnel();
    const ended = once(socket, 'end');
    for (const end of tunnels.upstream.open) end.destroy();
    await ended;
    socket.destroy();
  });

  it('comes when the gateway closes, however long its grace is', async () => {
    const closing = await startTestGateway({
      moreRoutes: [{ name: 'live', prefix: '/live', access: 'public', upstream: tunnels.upstream.origin }],
    });
    const { socket } = await tunnels.openTunnel('/live/x', closing.port);
    const gone = once(socket, 'end');
    await closing.gateway.close({ graceMilliseconds: 3_600_000 });
    await gone;
    socket.destroy();
    await expect.poll(() => tunnels.upstream.open.size).toBe(0);
    await closing.upstream.close();
  });
});
