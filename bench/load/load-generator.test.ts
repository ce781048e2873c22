import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { generateLoad, type LoadPlan } from './load-generator.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('the load generator', () => {
  it('reuses its connections, and counts every answer', async () => {
    let served = 0;
    const connections = new Set<unknown>();
    const plan = await planAgainst((request, response) => {
      served += 1;
      connections.add(request.socket);
      response.end('hello');
    });
    const result = await generateLoad({ ...plan, connections: 3 });
    expect(result.answered).toBe(served);
    expect(connections.size).toBe(3);
    expect(result.perSecond).toBeGreaterThan(0);
    expect(result.p99).toBeGreaterThanOrEqual(result.p50);
  });

  it('sends each of its requests in turn', async () => {
    const targets: (string | undefined)[] = [];
    const plan = await planAgainst((request, response) => {
      targets.push(request.url);
      response.end('hello');
    });
    await generateLoad({ ...plan, connections: 1, requests: ['/a', '/b', '/c'].map(requestOf) });
    expect(targets.slice(0, 5)).toEqual(['/a', '/b', '/c', '/a', '/b']);
  });

  it('never sends faster than the rate that it was given', async () => {
    let served = 0;
    const plan = await planAgainst((_request, response) => {
      served += 1;
      response.end('hello');
    });
    const startedAt = performance.now();
    const result = await generateLoad({ ...plan, ratePerSecond: 100 });
    const elapsedSeconds = (performance.now() - startedAt) / 1000;
    expect(result.answered).toBe(served);
    expect(served).toBeLessThanOrEqual(elapsedSeconds * 100);
  });

  it('ends when no request is due within the window', async () => {
    const plan = await planAgainst((_request, response) => {
      response.end('hello');
    });
    expect(await generateLoad({ ...plan, ratePerSecond: 0.001 })).toMatchObject({ answered: 0, perSecond: 0 });
  });

  it.each<{ name: string; listener: RequestListener }>([
    {
      name: 'refuses',
      listener: (_request, response) => {
        response.writeHead(401).end('hello');
      },
    },
    {
      name: 'sends another body',
      listener: (_request, response) => {
        response.end('hello?');
      },
    },
    {
      name: 'hangs up',
      listener: (request) => {
        request.socket.destroy();
      },
    },
    {
      name: 'closes the connection after an answer',
      listener: (_request, response) => {
        response.writeHead(200, { connection: 'close' }).end('hello');
      },
    },
  ])('calls a run void when the server $name', async ({ listener }) => {
    await expect(generateLoad(await planAgainst(listener))).rejects.toThrow();
  });

  it('calls a run void when no server listens', async () => {
    await expect(generateLoad({ ...(await planAgainst(() => {})), port: 1 })).rejects.toThrow();
  });
});

async function planAgainst(listener: RequestListener): Promise<LoadPlan> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests: [requestOf('/')],
    expectedBodyLength: 5,
    connections: 2,
    rampMilliseconds: 20,
    milliseconds: 100,
  };
}

function requestOf(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}
