import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EchoUpstream } from '../test-support/echo-upstream.ts';
import { holdIntervals, passSeconds, releaseIntervals } from '../test-support/interval-clock.ts';
import {
  closeTargets,
  deadOrigin,
  gatewayTo,
  settled,
  startRawUpstream,
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
    passSeconds(0.9);
    expect((await gateway.send('GET', '/many/x')).status).toBe(503);
    passSeconds(0.1);
    expect((await gateway.send('GET', '/many/x')).status).toBe(200);
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
    passSeconds(1);
    const tried = Array.from({ length: 5 }, () => gateway.send('POST', '/many/x', {}, 'x'));
    await expect.poll(() => waiting.length, settled).toBe(1);
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
