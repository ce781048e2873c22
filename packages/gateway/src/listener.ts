import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerUnreadable } from './unreadable-request.ts';

/** Answers a request; `proceed` sends "100 Continue" to a client that waits for it. */
export type HandleRequest = (request: IncomingMessage, response: ServerResponse, proceed: () => void) => void;

export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A server that listens, and knows how to stop. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops accepting, and resolves when the last connection is gone; those still busy after the grace period are cut. */
  drain(graceMilliseconds: number): Promise<void>;
}

const slowClientMilliseconds = 15_000;
const idleConnectionMilliseconds = 65_000;
const sweepMilliseconds = 50;

/** Opens a listener. Rejects with a sentence that names the port when it is taken. */
export async function openListener(
  address: ListenerAddress,
  publicOrigin: string,
  handle: HandleRequest,
): Promise<Listener> {
  const server = createServer(address);
  server.headersTimeout = slowClientMilliseconds;
  server.keepAliveTimeout = idleConnectionMilliseconds;
  const unused = trackUnusedSockets(server, address.tls === undefined ? 'connection' : 'secureConnection');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    unused.delete(request.socket);
    handle(request, response, () => {});
  });
  // Node would say "100 Continue" to anybody; here the decision comes first.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    unused.delete(request.socket);
    handle(request, response, () => response.writeContinue());
  });
  server.on('connect', (_: IncomingMessage, socket: Duplex) =>
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) =>
    answerUnreadable(error, socket, publicOrigin),
  );
  // There is no 'upgrade' listener on purpose: without one, Node treats a handshake as the request that it is, and the
  // stages decide on it like on any other.
  await listen(server, address);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return { host: address.host, port, drain: (graceMilliseconds) => drain(server, unused, graceMilliseconds) };
}

/** Browsers open connections ahead of need. Node does not count those as idle, so they would hold up the end. */
function trackUnusedSockets(server: Server, event: 'connection' | 'secureConnection'): Set<Socket> {
  const unused = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  return unused;
}

function createServer({ tls }: ListenerAddress): Server {
  const options = { requireHostHeader: false, insecureHTTPParser: false };
  if (tls === undefined) return createHttpServer(options);
  return createHttpsServer({ ...options, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' });
}

function listen(server: Server, { host, port }: ListenerAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') {
        reject(new Error(`port ${port} on ${host} is taken: stop what uses it, or choose another port`, { cause }));
      } else if (cause.code === 'EACCES') {
        reject(new Error(`port ${port} on ${host} needs rights that this process does not have`, { cause }));
      } else reject(cause);
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

async function drain(server: Server, unused: ReadonlySet<Socket>, graceMilliseconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  for (const socket of unused) socket.destroy();
  // A connection whose answer was under way becomes idle only now, and Node would keep it for the next request.
  const sweep = setInterval(() => server.closeIdleConnections(), sweepMilliseconds);
  const cut = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}
