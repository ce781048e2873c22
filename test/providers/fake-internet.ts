import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ask, StandIn } from './stand-in.ts';

/** The internet, as far as the stand-ins reach: their names lead to a server on loopback, every other name to nothing. */
export interface FakeInternet {
  /** Fetches as `fetch` does, over a socket. */
  readonly fetch: typeof fetch;
  close(): void;
}

/** Says which name was asked for: the connection itself goes to loopback. */
const hostHeader = 'x-stand-in-host';

/** Starts one server for all stand-ins. */
export async function startFakeInternet(standIns: readonly StandIn[]): Promise<FakeInternet> {
  const byHost = new Map(standIns.flatMap((standIn) => standIn.hosts.map((host) => [host, standIn] as const)));
  const server = createServer((request, response) => {
    void answer(byHost, request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error('a stand-in failed'));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const local = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // It listens on a port.
  return {
    fetch: (input, init = {}) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.protocol !== 'https:' || !byHost.has(url.host)) return Promise.reject(new TypeError('fetch failed'));
      const headers = new Headers(init.headers);
      headers.set(hostHeader, url.host);
      return fetch(local + url.pathname + url.search, { ...init, headers });
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(
  standIns: ReadonlyMap<string, StandIn>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const ask = await readAsk(request);
  const reply = await standIns.get(ask.url.host)?.answer(ask);
  if (reply === undefined || reply.kind === 'hang-up') {
    request.socket.destroy();
    return;
  }
  response.writeHead(reply.status, reply.headers).end(reply.body);
}

async function readAsk(request: IncomingMessage): Promise<Ask> {
  const chunks = (await request.toArray()) as readonly Buffer[]; // A stream of bytes.
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const),
  );
  return {
    method: request.method ?? 'GET',
    url: new URL(request.url ?? '/', `https://${headers[hostHeader] ?? 'unknown.test'}`),
    headers,
    form: new URLSearchParams(Buffer.concat(chunks).toString('utf8')),
  };
}
