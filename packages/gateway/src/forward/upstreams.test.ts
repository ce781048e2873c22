import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEchoUpstream, type EchoUpstream } from '../test-support/echo-upstream.ts';
import { holdIntervals, passSeconds, releaseIntervals } from '../test-support/interval-clock.ts';
import {
  closeAfterwards,
  closeTargets,
  deadOrigin,
  gatewayTo,
  settled,
  startTwoTargets,
} from './targets.test-support.ts';

let first: EchoUpstream;
let second: EchoUpstream;
beforeEach(async () => {
  holdIntervals();
  [first, second] = await startTwoTargets();
});
afterEach(() => {
  releaseIntervals();
  return closeTargets();
});

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

  it('the one that failed is not tried again, also where the others are busier', async () => {
    const gateway = await gatewayTo([await deadOrigin(), second.origin]);
    const release = Promise.withResolvers<void>();
    second.answer = (request, response) =>
      void (request.url === '/many/slow' ? release.promise : Promise.resolve()).then(() => response.end('second'));
    const slow = gateway.send('GET', '/many/slow');
    await expect.poll(() => second.seen.length, settled).toBe(1);
    expect((await gateway.send('GET', '/many/x')).body).toBe('second');
    release.resolve();
    expect((await slow).body).toBe('second');
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
    closeAfterwards(() => third.close());
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

  it.each([404, 500])('take a target out that answers %d, take it in again, and carry no identity', async (status) => {
    let isIll = true;
    first.answer = (request, response) => {
      response.writeHead(request.url === '/health' && isIll ? status : 200).end('first');
    };
    const gateway = await gatewayTo([first.origin, second.origin], {
      health: { path: '/health', intervalSeconds: 1, timeoutMilliseconds: 1000 },
    });
    const bodies = async (): Promise<readonly string[]> => {
      const answers = [await gateway.send('GET', '/many/x'), await gateway.send('GET', '/many/x')];
      return answers.map(({ body }) => body);
    };
    const bodiesAfterOneSecond = (): Promise<readonly string[]> => {
      passSeconds(1);
      return bodies();
    };
    expect(await bodies()).toEqual(['first', 'second']);
    await expect.poll(bodiesAfterOneSecond, settled).toEqual(['second', 'second']);
    isIll = false;
    await expect.poll(bodiesAfterOneSecond, settled).toContain('first');
    const check = first.seen.find(({ target }) => target === '/health');
    expect(check?.method).toBe('GET');
    expect(Object.keys(check?.headers ?? {}).sort()).toEqual(['connection', 'host']);
  });
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
