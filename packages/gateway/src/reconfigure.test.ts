import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { RequestLimit, Route, RouteInput } from '@sallyport/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayOptions } from './gateway-options.ts';
import { startEchoUpstream, type EchoUpstream } from './test-support/echo-upstream.ts';
import { holdIntervals, passSeconds, releaseIntervals } from './test-support/interval-clock.ts';
import { route, startTestGateway, type TestGateway } from './test-support/test-gateway.ts';
import { handshake, openRaw } from './test-support/web-socket-client.ts';
import { startWebSocketUpstream } from './test-support/web-socket-upstream.ts';

const settled = { timeout: 10_000, interval: 10 };
const nowhere = 'http://127.0.0.1:9';
const closing: (() => Promise<unknown>)[] = [];
beforeEach(() => holdIntervals());
afterEach(async () => {
  releaseIntervals();
  for (const close of closing.splice(0).reverse()) await close();
});

/** A public route, at the path of its name. */
function open(name: string, upstream: string | string[], more: Partial<RouteInput> = {}): Route {
  return route({ name, prefix: `/${name}`, access: 'public', upstream, ...more });
}

async function gatewayWith(routes: readonly Route[], options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ ...options, routes });
  closing.push(() => gateway.close());
  return gateway;
}

/** The status of an answer to a request that is sent a second later. */
function afterOneSecond(send: () => Promise<{ readonly status: number }>): () => Promise<number> {
  return async () => {
    passSeconds(1);
    return (await send()).status;
  };
}

async function startEcho(): Promise<EchoUpstream> {
  const upstream = await startEchoUpstream();
  closing.push(() => upstream.close());
  return upstream;
}

/** A server that keeps connections open, and counts those that it has, and has had. */
async function startKeepingUpstream() {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let accepted = 0;
  const server: Server = createServer((socket) => {
    accepted++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      const answer = (): void =>
        void socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=600\r\nContent-Length: 4\r\n\r\nkept');
      if (bytes.includes('/held')) held.push(answer);
      else answer();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    held,
    accepted: () => accepted,
  };
}

describe('a target that other routes name as before', () => {
  it('keeps its open circuit, which closes after the pause', async () => {
    const upstream = await startEcho();
    upstream.answer = (request) => request.socket.destroy();
    const gateway = await gatewayWith([open('a', upstream.origin)], { upstreams: { failures: 1, pauseSeconds: 1 } });
    expect((await gateway.send('POST', '/a', {}, 'x')).status).toBe(502);
    gateway.gateway.reconfigure({ routes: [open('b', upstream.origin), open('a', upstream.origin)] });
    expect([(await gateway.send('GET', '/a')).status, (await gateway.send('GET', '/b')).status]).toEqual([503, 503]);
    expect(upstream.started).toBe(1);
    upstream.answer = (_, response) => response.end();
    passSeconds(1);
    expect((await gateway.send('GET', '/b')).status).toBe(200);
  });

  it('keeps its connections', async () => {
    const upstream = await startKeepingUpstream();
    const gateway = await gatewayWith([open('a', upstream.origin)]);
    await gateway.send('GET', '/a');
    for (const name of ['b', 'c']) {
      gateway.gateway.reconfigure({ routes: [open(name, upstream.origin)] });
      expect((await gateway.send('GET', `/${name}`)).body).toBe('kept');
    }
    expect(upstream.accepted()).toBe(1);
  });

  it('is as busy as it was, under a cap that does not begin anew', async () => {
    const upstream = await startKeepingUpstream();
    const capped = { limits: { inFlight: 1 } };
    const gateway = await gatewayWith([open('a', upstream.origin, capped)]);
    const first = gateway.send('GET', '/a/held');
    await expect.poll(() => upstream.held.length, settled).toBe(1);
    gateway.gateway.reconfigure({ routes: [open('b', upstream.origin, capped)] });
    expect((await gateway.send('GET', '/b')).status).toBe(503);
    upstream.held[0]?.();
    expect((await first).body).toBe('kept');
    expect((await gateway.send('GET', '/b')).status).toBe(200);
  });

  it('that failed its health checks is not believed to be well again, and is asked on', async () => {
    const upstream = await startEcho();
    upstream.answer = (_, response) => response.writeHead(500).end();
    const checked = { health: { path: '/health', intervalSeconds: 1, timeoutMilliseconds: 1000 } };
    const gateway = await gatewayWith([open('a', upstream.origin, checked)]);
    await expect
      .poll(
        afterOneSecond(() => gateway.send('GET', '/a')),
        settled,
      )
      .toBe(503);
    gateway.gateway.reconfigure({ routes: [open('b', upstream.origin, checked)] });
    expect((await gateway.send('GET', '/b')).status).toBe(503);
    upstream.answer = (_, response) => response.end();
    await expect
      .poll(
        afterOneSecond(() => gateway.send('GET', '/b')),
        settled,
      )
      .toBe(200);
  });

  it.each<{ name: string; change: Partial<RouteInput> }>([
    { name: 'another time to connect', change: { timeouts: { connectMilliseconds: 100 } } },
    { name: 'another cap', change: { limits: { inFlight: 2 } } },
    { name: 'streams', change: { streaming: true } },
    { name: 'health checks', change: { health: { path: '/', intervalSeconds: 300, timeoutMilliseconds: 100 } } },
  ])('is another one when it has $name', async ({ change }) => {
    const upstream = await startKeepingUpstream();
    const gateway = await gatewayWith([open('a', upstream.origin)]);
    await gateway.send('GET', '/a');
    gateway.gateway.reconfigure({ routes: [open('a', upstream.origin, change)] });
    await gateway.send('GET', '/a');
    expect(upstream.accepted()).toBe(2);
    await expect.poll(() => upstream.sockets.size, settled).toBe(1);
  });
});

describe('a target that no route names any more', () => {
  it('answers what is in flight, and only then its connections are closed', async () => {
    const upstream = await startKeepingUpstream();
    const gateway = await gatewayWith([open('a', upstream.origin), open('b', nowhere)]);
    await gateway.send('GET', '/a');
    const inFlight = gateway.send('GET', '/a/held');
    await expect.poll(() => upstream.held.length, settled).toBe(1);
    gateway.gateway.reconfigure({ routes: [open('b', nowhere)] });
    expect((await gateway.send('GET', '/a')).status).toBe(404);
    expect(upstream.sockets.size).toBe(1);
    upstream.held[0]?.();
    expect(await inFlight).toMatchObject({ status: 200, body: 'kept' });
    await expect.poll(() => upstream.sockets.size, settled).toBe(0);
  });

  it('is kept, with what is known of it, when it comes back while something is in flight', async () => {
    const upstream = await startKeepingUpstream();
    const gateway = await gatewayWith([open('a', upstream.origin)]);
    const inFlight = gateway.send('GET', '/a/held');
    await expect.poll(() => upstream.held.length, settled).toBe(1);
    gateway.gateway.reconfigure({ routes: [] });
    gateway.gateway.reconfigure({ routes: [open('b', upstream.origin)] });
    upstream.held[0]?.();
    expect((await inFlight).body).toBe('kept');
    expect((await gateway.send('GET', '/b')).body).toBe('kept');
    expect(upstream.accepted()).toBe(1);
  });

  it('is not asked any more how it is', async () => {
    const upstream = await startEcho();
    upstream.answer = (_, response) => response.end();
    const other = await startEcho();
    const checked = { health: { path: '/health', intervalSeconds: 1, timeoutMilliseconds: 1000 } };
    const gateway = await gatewayWith([open('a', upstream.origin, checked)]);
    passSeconds(1);
    await expect.poll(() => upstream.started, settled).toBe(1);
    gateway.gateway.reconfigure({ routes: [open('a', other.origin, checked)] });
    for (let count = 1; count <= 2; count++) {
      await expect
        .poll(
          afterOneSecond(async () => ({ status: other.started })),
          settled,
        )
        .toBeGreaterThanOrEqual(count);
    }
    expect(upstream.started).toBe(1);
  });
});

describe('limits on requests', () => {
  const limit = (max: number, change: Partial<RequestLimit> = {}): Route['limits'] => ({
    requests: [{ per: 'address', max, seconds: 60, ...change }],
  });
  let time: number;
  let gateway: TestGateway;
  beforeEach(async () => {
    time = Date.parse('2026-01-01T00:00:00Z');
    const upstream = await startEcho();
    const withLimits = (limits: Route['limits']): Route[] => [open('a', upstream.origin, { limits })];
    gateway = await gatewayWith(withLimits(limit(2)), { now: () => new Date(time) });
    reload = (limits) => gateway.gateway.reconfigure({ routes: withLimits(limits) });
    await gateway.send('GET', '/a');
    await gateway.send('GET', '/a');
  });
  let reload: (limits: Route['limits']) => void;
  const status = async (): Promise<number> => (await gateway.send('GET', '/a')).status;

  it('stay used up when their rule did not change', async () => {
    expect(await status()).toBe(429);
    for (let count = 0; count < 3; count++) reload(limit(2));
    expect(await status()).toBe(429);
    time += 120_000;
    expect(await status()).toBe(200);
  });

  it('count on with another maximum, larger or smaller', async () => {
    reload(limit(3));
    expect([await status(), await status()]).toEqual([200, 429]);
    reload(limit(1));
    expect(await status()).toBe(429);
  });

  it('count anew in windows of another length', async () => {
    reload(limit(2, { seconds: 30 }));
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429]);
  });

  it('that were taken away refuse no request, and begin anew when they come back', async () => {
    reload(undefined);
    expect(await status()).toBe(200);
    reload(limit(2));
    expect([await status(), await status(), await status()]).toEqual([200, 200, 429]);
  });

  it('stay as they are when a configuration cannot be used', async () => {
    const twin = open('twin', nowhere, { prefix: '/a' });
    expect(() => gateway.gateway.reconfigure({ routes: [twin, open('a', nowhere)] })).toThrow(/tie/);
    expect(await status()).toBe(429);
    reload(limit(2));
    expect(await status()).toBe(429);
  });
});

it('the cap on WebSockets counts those that were opened before', async () => {
  const upstream = await startWebSocketUpstream();
  closing.push(() => upstream.close());
  const gateway = await gatewayWith([open('ws', upstream.origin)], { streams: { tunnels: 1 } });
  const first = openRaw(handshake('/ws'), gateway.port);
  await expect.poll(() => upstream.open.size, settled).toBe(1);
  gateway.gateway.reconfigure({ routes: [open('ws', upstream.origin), open('b', nowhere)] });
  const second = openRaw(handshake('/ws'), gateway.port);
  await expect.poll(() => second.received(), settled).toContain('503');
  first.socket.destroy();
  await expect.poll(() => upstream.open.size, settled).toBe(0);
  const third = openRaw(handshake('/ws'), gateway.port);
  await expect.poll(() => third.received(), settled).toContain('101');
  third.socket.destroy();
  second.socket.destroy();
});
