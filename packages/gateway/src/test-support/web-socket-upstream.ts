import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** A server that agrees to every handshake and then sends back what it gets. */
export interface WebSocketUpstream {
  readonly origin: string;
  readonly handshakes: IncomingMessage[];
  readonly open: Set<Duplex>;
  /** Replaces the agreement. */
  answer: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  reset(): void;
  close(): Promise<void>;
}

export const exampleKey = 'dGhlIHNhbXBsZSBub25jZQ==';

/** The agreement to a handshake, with whatever else it is to say. */
export function agreementTo(request: IncomingMessage, more: readonly string[] = []): string {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];
  return [...head, `Sec-WebSocket-Accept: ${accept}`, ...more, '', ''].join('\r\n');
}

/** Starts a service that accepts WebSockets and remembers what it was asked and sent. */
export async function startWebSocketUpstream(): Promise<WebSocketUpstream> {
  const handshakes: IncomingMessage[] = [];
  const open = new Set<Duplex>();
  const echo: WebSocketUpstream['answer'] = (request, socket, head) => {
    socket.write(agreementTo(request));
    socket.write(head);
    socket.pipe(socket);
  };
  const server = createServer((_, response) => response.writeHead(418).end('not a handshake'));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    handshakes.push(request);
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    upstream.answer(request, socket, head);
    // Without a reader the end of the other side would never be noticed.
    socket.on('end', () => socket.end());
    socket.resume();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const upstream: WebSocketUpstream = {
    origin: `http://127.0.0.1:${port}`,
    handshakes,
    open,
    answer: echo,
    reset: () => {
      for (const socket of open) socket.destroy();
      handshakes.length = 0;
      upstream.answer = echo;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return upstream;
}
