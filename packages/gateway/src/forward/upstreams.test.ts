import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RouteInput } from '@sallyport/core';
import type { GatewayOptions } from '../gateway-options.ts';
import { startEchoUpstream, type EchoUpstream } from '../test-support/echo-upstream.ts';
import { startTestGateway, type TestGateway } from '../test-support/test-gateway.ts';

const settled = { timeout: 10_000, interval: 20 };
const closing: (() => Promise<unknown>)[] = [];

let first: EchoUpstream;
let second: EchoUpstream;
beforeEach(async () => {
  [first, second] = [await startEchoUpstream(), await startEchoUpstream()];
  first.answer = (_, response) => response.end('first');
  second.answer = (_, response) => response.end('second');
  closing.push(
    () => first.close(),
    () => second.close(),
  );
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A gateway with one public route of these targets. */
async function gatewayTo(
  upstream: string | readonly string[],
  route: Partial<RouteInput> = {},
  options: Partial<GatewayOptions> = {},
): Promise<TestGateway> {
  const gateway = await startTestGateway({
    moreRoutes: [
      { name: 'many', prefix: '/many', access: 'public', upstream: upstream as string | string[], ...route },
      { name: 'same', prefix: '/same', access: 'public', upstream: upstream as string | string[] },
    ],
    ...options,
  });
  closing.push(() => gateway.close());
  return gateway;
}

/** A server that does with each connection what it is told, below HTTP. */
async function startRawUpstream(serve: (socket: Socket, request: string) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => serve(socket, bytes.toString('latin1')));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address at which no server listens any more. */
async function deadOrigin(): Promise<string> {
  const upstream = await startEchoUpstream();
  await upstream.close();
  return upstream.origin;
}

describe('of several targets', () => {
  it('the one with the fewest requests in flight is chosen', async () => {
    const gateway = await gatewayTo([first.origin, second.origin]);
    const release = Promise.withResolvers<void>();
    first.answer = (_, response) => void release.promise.then(() => response.end('first'));
    const slow = gateway.send('GET', '/many/slow');
    await expect.poll(() => first.seen.length, settled).toBe(1);
    for (let count = 0; count < 4; count++) expect((await gateway.send('GET', '/many/x')).body).toBe('second');
    release.resolve();
    expect((await slow).body).toBe('first');
  });

  it.each(['GET', 'POST', 'DELETE'])('another one gets a %s that could not be sent to the first', async (method) => {
    const gateway = await gatewayTo([await deadOrigin(), second.origin]);
    for (let count = 0; count < 4; count++) {
      const answer = await gateway.send(method, '/many/x', {}, method === 'POST' ? 'once' : '');
      expect(answer).toMatchObject({ status: 200, body: 'second' });
    }
    expect(second.seen).toHaveLength(4);
    if (method === 'POST') expect(second.seen.map(({ body }) => body)).toEqual(Array(4).fill('once'));
  });

  it('another one gets a GET whose connection broke', async () => {
    first.answer = (request) => request.socket.destroy();
    const gateway = await gatewayTo([first.origin, second.origin]);
    expect((await gateway.send('GET', '/many/x')).body).toBe('second');
    expect(first.started).toBe(1);
  });

  it('none gets a POST of which the first has seen a byte', async () => {
    first.answer = (request) => request.socket.destroy();
    const gateway = await gatewayTo([first.origin, second.origin]);
    expect((await gateway.send('POST', '/many/x', {}, 'once')).status).toBe(502);
    expect([first.started, second.started]).toEqual([1, 0]);
  });

  it('none gets what a third would have to try', async () => {
    for (const upstream of [first, second]) upstream.answer = (request) => request.socket.destroy();
    const third = await startEchoUpstream();
    closing.push(() => third.close());
    const gateway = await gatewayTo([first.origin, second.origin, third.origin]);
    expect((await gateway.send('GET', '/many/x')).status).toBe(502);
    expect(third.started).toBe(0);
  });

  it('every one may be named in a redirect, and none gets outside', async () => {
    first.answer = (_, response) => response.writeHead(302, { location: `${second.origin}/there` }).end();
    const gateway = await gatewayTo([first.origin, second.origin]);
    expect((await gateway.send('GET', '/many/x')).headers['location']).toBe('https://app.test/there');
  });
});

describe('Q10: a target that fails again and again', () => {
  it('gets no requests while its circuit is open, and one when it is half-open', async () => {
    let isBroken = true;
    const origin = await startRawUpstream((socket) => {
      if (isBroken) socket.resetAndDestroy();
      else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    });
    const gateway = await gatewayTo(origin, {}, { upstreams: { failures: 3, pauseSeconds: 1 } });
    for (let count = 0; count < 3; count++) expect((await gateway.send('POST', '/many/x', {}, 'x')).status).toBe(502);
    const refused = await gateway.send('GET', '/many/x');
    expect(refused).toMatchObject({ status: 503 });
    expect(refused.headers['retry-after']).toBe('1');
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'SP_SERVICE_UNAVAILABLE' });
    // Another route to the same process knows it too; others go on.
    expect((await gateway.send('GET', '/same/x')).status).toBe(503);
    expect((await gateway.send('GET', '/public/x')).status).toBe(200);
    isBroken = false;
    await expect.poll(async () => (await gateway.send('GET', '/many/x')).status, settled).toBe(200);
    expect((await gateway.send('GET', '/same/x')).status).toBe(200);
  });

  it('is probed by one request at a time, and its circuit opens again when that fails', async () => {
    const waiting: Socket[] = [];
    let isSlow = false;
    const origin = await startRawUpstream((socket) => {
      if (isSlow) waiting.push(socket);
      else socket.resetAndDestroy();
    });
    const gateway = await gatewayTo(origin, {}, { upstreams: { failures: 1, pauseSeconds: 1 } });
    expect((await gateway.send('POST', '/many/x', {}, 'x')).status).toBe(502);
    isSlow = true;
    const tried: Promise<unknown>[] = [];
    await expect
      .poll(() => {
        tried.push(gateway.send('POST', '/many/x', {}, 'x'));
        return waiting.length;
      }, settled)
      .toBe(1);
    expect((await gateway.send('GET', '/many/x')).status).toBe(503);
    for (const socket of waiting) socket.resetAndDestroy();
    await Promise.all(tried);
    expect((await gateway.send('GET', '/many/x')).status).toBe(503);
    expect(waiting).toHaveLength(1);
  });

  it('is not missed where there is another', async () => {
    const dead = await deadOrigin();
    const gateway = await gatewayTo([dead, second.origin], {}, { upstreams: { failures: 2, pauseSeconds: 300 } });
    for (let count = 0; count < 10; count++) expect((await gateway.send('GET', '/many/x')).body).toBe('second');
  });

  it('is not one that answers with errors, nor one whose clients leave', async () => {
    const gateway = await gatewayTo(first.origin, {}, { upstreams: { failures: 1 } });
    first.answer = (_, response) => response.writeHead(500).end('broken');
    for (let count = 0; count < 3; count++) expect((await gateway.send('GET', '/many/x')).status).toBe(500);
    first.answer = (_, response) => void response;
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write('GET /many/x HTTP/1.1\r\nHost: app.test\r\n\r\n');
    await expect.poll(() => first.seen.length, settled).toBe(4);
    socket.destroy();
    first.answer = (_, response) => response.end('first');
    await expect.poll(async () => (await gateway.send('GET', '/many/x')).status, settled).toBe(200);
  });

  it('is one that does not answer in time', async () => {
    const gateway = await gatewayTo(
      first.origin,
      { timeouts: { headersMilliseconds: 50 } },
      { upstreams: { failures: 2 } },
    );
    first.answer = () => {};
    for (const status of [504, 504, 503]) expect((await gateway.send('GET', '/many/x')).status).toBe(status);
  });
});

describe('Q11: when the circuit of every target is open', () => {
  it('the answer is 503 at once, and the gateway itself goes on', async () => {
    const gateway = await gatewayTo(
      [await deadOrigin(), await deadOrigin()],
      {},
      {
        upstreams: { failures: 1, pauseSeconds: 300 },
        mounts: [
          {
            name: 'auth',
            prefix: '/auth',
            access: 'public',
            slide: false,
            handle: (_, response) => void response.end('auth'),
          },
        ],
      },
    );
    expect((await gateway.send('GET', '/many/x')).status).toBe(502);
    const refused = await gateway.send('POST', '/many/x', {}, 'x');
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(1);
    expect((await gateway.send('GET', '/auth/x')).body).toBe('auth');
    expect((await gateway.send('GET', '/readyz')).status).toBe(200);
  });
});

it('a request beyond the limit of a target is refused instead of queued', async () => {
  const release = Promise.withResolvers<void>();
  first.answer = (_, response) => void release.promise.then(() => response.end('first'));
  const gateway = await gatewayTo(first.origin, { limits: { inFlight: 2 } });
  const running = [gateway.send('GET', '/many/1'), gateway.send('GET', '/many/2')];
  await expect.poll(() => first.seen.length, settled).toBe(2);
  const refused = await gateway.send('GET', '/many/3');
  expect(refused.status).toBe(503);
  expect(refused.headers['retry-after']).toBe('1');
  expect((await gateway.send('GET', '/public/x')).status).toBe(200);
  release.resolve();
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await gateway.send('GET', '/many/4')).status).toBe(200);
});

describe('health checks', () => {
  it('are not made unless a route asks for them', async () => {
    const gateway = await gatewayTo([first.origin, second.origin]);
    await gateway.send('GET', '/many/x');
    expect([first.seen.length, second.seen.length]).toEqual([1, 0]);
  });

  it('take a target out that fails them, take it in again, and carry no identity', async () => {
    let isIll = true;
    first.answer = (request, response) => {
      response.writeHead(request.url === '/health' && isIll ? 500 : 200).end('first');
    };
    const gateway = await gatewayTo([first.origin, second.origin], {
      health: { path: '/health', intervalSeconds: 1, timeoutMilliseconds: 1000 },
    });
    const bodies = async (): Promise<readonly string[]> => {
      const answers = [await gateway.send('GET', '/many/x'), await gateway.send('GET', '/many/x')];
      return answers.map(({ body }) => body);
    };
    expect(await bodies()).toEqual(['first', 'second']);
    await expect.poll(bodies, settled).toEqual(['second', 'second']);
    isIll = false;
    await expect.poll(bodies, settled).toContain('first');
    const check = first.seen.find(({ target }) => target === '/health');
    expect(check?.method).toBe('GET');
    expect(Object.keys(check?.headers ?? {}).sort()).toEqual(['connection', 'host']);
  });
});

describe('an answer that is not whole', () => {
  it.each([
    ['shorter than it said', 'Content-Length: 100\r\n\r\nhalf', (socket: Socket) => socket.end()],
    ['without its last chunk', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', (socket: Socket) => socket.end()],
    ['in the middle of a chunk', 'Transfer-Encoding: chunked\r\n\r\n64\r\nhalf', (socket: Socket) => socket.end()],
    [
      'with a chunk that is none',
      'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      (socket: Socket) => socket.write('xyz\r\n'),
    ],
    ['reset', 'Content-Length: 100\r\n\r\nhalf', (socket: Socket) => socket.resetAndDestroy()],
  ])('is cut, and nothing is put in its place: %s', async (_name, rest, breakOff) => {
    const upstream = Promise.withResolvers<Socket>();
    const origin = await startRawUpstream((socket) => {
      upstream.resolve(socket);
      socket.write(`HTTP/1.1 200 OK\r\n${rest}`);
    });
    const gateway = await gatewayTo(origin);
    const client = connect(gateway.port, '127.0.0.1');
    const closed = once(client, 'close');
    client.write('GET /many/x HTTP/1.1\r\nHost: app.test\r\n\r\n');
    let received = '';
    client.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    client.on('error', () => {});
    // Half of it has arrived at its end before the rest goes wrong.
    await expect.poll(() => received, settled).toContain('half');
    breakOff(await upstream.promise);
    await closed;
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(received).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(received.slice(received.indexOf('\r\n\r\n')).length).toBeLessThan(100);
  });

  it('that a client may take for whole is one that ends with its connection', async () => {
    const origin = await startRawUpstream((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'));
    const gateway = await gatewayTo(origin);
    expect((await gateway.send('GET', '/many/x')).body).toBe('all of it');
  });
});

describe('an answer that can be read in two ways', () => {
  it.each([
    ['with two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
    ['with a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ['with a length that is none', 'Content-Length: 2, 3\r\n\r\nabc'],
    ['with a folded header', 'X-A: 1\r\n Set-Cookie: __Host-sallyport=evil\r\nContent-Length: 2\r\n\r\nok'],
    ['with a line end in a header', 'X-A: 1\rSet-Cookie: __Host-sallyport=evil\r\nContent-Length: 2\r\n\r\nok'],
  ])('never reaches a client as two answers: %s', async (_name, rest) => {
    const origin = await startRawUpstream((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
    const gateway = await gatewayTo(origin);
    const answer = await gateway.send('GET', '/many/x');
    expect(answer.status).toBe(502);
    expect(answer.head).not.toMatch(/\r\nset-cookie/i);
    expect(answer.head.match(/content-length|transfer-encoding/gi)).toHaveLength(1);
  });
});

it('what an upstream says before and after its answer stays inside', async () => {
  const origin = await startRawUpstream((socket) =>
    socket.end(
      'HTTP/1.1 103 Early Hints\r\nLink: </internal.css>; rel=preload\r\nSet-Cookie: __Host-sallyport=evil\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nTrailer: Set-Cookie, X-Late\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '2\r\nok\r\n0\r\nSet-Cookie: __Host-sallyport=evil\r\nX-Late: yes\r\n\r\n',
    ),
  );
  const gateway = await gatewayTo(origin);
  const answer = await gateway.send('GET', '/many/x');
  expect(answer).toMatchObject({ status: 200, body: 'ok' });
  expect(answer.head + answer.body).not.toMatch(/103|internal|evil|late|trailer/i);
});

it('Q10: a connection that the upstream has closed meanwhile costs no request its answer', async () => {
  let served = 0;
  const origin = await startRawUpstream((socket) => {
    served++;
    // Says that it stays, and goes: the next request may already be on its way.
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', () => setImmediate(() => socket.end()));
  });
  const gateway = await gatewayTo(origin);
  for (let count = 0; count < 20; count++) expect((await gateway.send('GET', '/many/x')).status).toBe(200);
  expect(served).toBeGreaterThanOrEqual(20);
});

it('the metrics of upstreams carry names of routes and no identity', async () => {
  const counted: string[] = [];
  const series = (name: string) => ({
    of: (...labels: readonly string[]) => ({
      add: () => void counted.push([name, ...labels].join(' ')),
      observe: () => void counted.push([name, ...labels].join(' ')),
    }),
  });
  const gauges = new Map<string, () => number>();
  const gateway = await gatewayTo(
    [await deadOrigin(), second.origin],
    {},
    {
      upstreams: { failures: 1, pauseSeconds: 300 },
      meter: {
        counter: ({ name }) => series(name),
        histogram: ({ name }) => series(name),
        gauge: ({ name }, read) => void gauges.set(name, read),
      },
    },
  );
  expect((await gateway.send('GET', '/many/x')).status).toBe(200);
  expect(counted.filter((line) => line.startsWith('sallyport_upstream_'))).toEqual([
    'sallyport_upstream_failures_total many unreachable',
    'sallyport_upstream_head_seconds many',
  ]);
  expect(gauges.get('sallyport_upstream_targets_suspended')?.()).toBe(1);
  expect(gauges.get('sallyport_gateway_streams')?.()).toBe(0);
  second.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(':\n\n');
  };
  const socket = connect(gateway.port, '127.0.0.1');
  socket.write('GET /many/x HTTP/1.1\r\nHost: app.test\r\n\r\n');
  await expect.poll(() => gauges.get('sallyport_gateway_streams')?.(), settled).toBe(1);
  socket.destroy();
  await expect.poll(() => counted, settled).toContain('sallyport_gateway_streams_ended_total closed');
  expect(gauges.get('sallyport_gateway_streams')?.()).toBe(0);
});
