import dns from 'node:dns';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Logger } from '@sallyport/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeAfterwards, closeTargets, gatewayTo, settled, startRawUpstream } from './targets.test-support.ts';

afterEach(async () => {
  vi.restoreAllMocks();
  await closeTargets();
});

const idempotent = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'];

/** Answers the first request of a connection, and hangs up on the second one. */
async function startForgetfulUpstream() {
  const lines: string[] = [];
  let held: (() => void)[] | undefined = [];
  const origin = await startRawUpstream((socket, request) => {
    const isUsed = socket.bytesWritten > 0;
    lines.push(`${request.split(' HTTP')[0]}${isUsed ? ' again' : ''}`);
    const isHead = request.startsWith('HEAD');
    const answer = (): void => void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${isHead ? '' : 'ok'}`);
    if (isUsed) socket.end();
    else if (held === undefined) answer();
    else held.push(answer);
  });
  const release = (): void => {
    for (const answer of held ?? []) answer();
    held = undefined;
  };
  return { origin, lines, release, heldCount: () => held?.length };
}

describe('a kept connection that its other side has closed', () => {
  /** A gateway with so many idle connections, each of which ends with the next request. */
  const gatewayWithIdle = async (count: number, upstreams = {}) => {
    const upstream = await startForgetfulUpstream();
    const gateway = await gatewayTo(upstream.origin, {}, { upstreams });
    const asked = Array.from({ length: count }, () => gateway.send('GET', '/many/first'));
    await expect.poll(upstream.heldCount, settled).toBe(count);
    upstream.release();
    for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
    upstream.lines.length = 0;
    return { gateway, upstream };
  };

  it.each(idempotent)('costs a %s nothing, however many there are', async (method) => {
    const { gateway, upstream } = await gatewayWithIdle(3);
    expect((await gateway.send(method, '/many/x')).status).toBe(200);
    expect(upstream.lines).toEqual([`${method} /many/x again`, `${method} /many/x`]);
  });

  it.each([
    ['POST', 'x'],
    ['POST', undefined],
    ['PATCH', 'x'],
    ['PUT', 'x'],
    ['DELETE', 'x'],
  ])('is 502 for a %s with body %j, which may have been carried out', async (method, body) => {
    const { gateway, upstream } = await gatewayWithIdle(1);
    expect((await gateway.send(method, '/many/x', {}, body)).status).toBe(502);
    expect(upstream.lines).toEqual([`${method} /many/x again`]);
  });

  it('says nothing of its target: the circuit stays closed', async () => {
    const { gateway } = await gatewayWithIdle(4, { failures: 1, pauseSeconds: 300 });
    const answers = await Promise.all(Array.from({ length: 4 }, () => gateway.send('GET', '/many/x')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('is tried once more and no oftener', async () => {
    let requests = 0;
    const origin = await startRawUpstream((socket) => {
      requests++;
      socket.end();
    });
    const gateway = await gatewayTo(origin);
    expect((await gateway.send('PUT', '/many/x')).status).toBe(502);
    expect(requests).toBe(2);
  });
});

describe('a name that leads somewhere else by now', () => {
  it('is asked for again, also under requests that never stop', async () => {
    const [before, after] = await startTwoAddresses();
    let address = '127.0.0.1';
    const lookup = (_name: string, options: { all?: boolean }, done: (...found: unknown[]) => void): void =>
      options.all === true ? done(null, [{ address, family: 4 }]) : done(null, address, 4);
    vi.spyOn(dns, 'lookup').mockImplementation(lookup as never);
    const port = (before.address() as AddressInfo).port;
    const gateway = await gatewayTo(`http://moving.test:${port}`, {}, { upstreams: { connectionSeconds: 1 } });
    expect((await gateway.send('GET', '/many/x')).body).toBe('127.0.0.1');
    address = '127.0.0.2';
    await expect.poll(async () => (await gateway.send('GET', '/many/x')).body, settled).toBe('127.0.0.2');
    expect(after.listening).toBe(true);
  });
});

/** Two servers on one port, each of which answers with its address. */
async function startTwoAddresses(): Promise<readonly [Server, Server]> {
  const start = async (host: string, port: number): Promise<Server> => {
    const server = createServer((_, response) => response.end(host)).listen(port, host);
    closeAfterwards(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    await once(server, 'listening');
    return server;
  };
  const first = await start('127.0.0.1', 0);
  return [first, await start('127.0.0.2', (first.address() as AddressInfo).port)];
}

describe('an answer with many headers', () => {
  const answerWith = async (bytes: number, logger?: Logger) => {
    const origin = await startRawUpstream((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Policy: ${'a'.repeat(bytes)}\r\n\r\nok`);
    });
    const gateway = await gatewayTo(origin, {}, logger === undefined ? {} : { logger });
    return gateway.send('GET', '/many/x');
  };

  it.each([1000, 17_000, 60_000])('arrives whole with %i bytes', async (bytes) => {
    const answer = await answerWith(bytes);
    expect(answer).toMatchObject({ status: 200, body: 'ok' });
    expect(answer.headers['x-policy']).toHaveLength(bytes);
  });

  it('is 502 beyond 64 KiB, and the log says on which route', async () => {
    const lines: unknown[] = [];
    const note = (_text: string, fields?: object): void => void lines.push(fields);
    const logger = { debug: note, info: note, warn: note, error: note };
    expect((await answerWith(70_000, logger as unknown as Logger)).status).toBe(502);
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'request-failed', route: 'many', reason: 'answer-headers-too-large' }),
    );
  });
});
