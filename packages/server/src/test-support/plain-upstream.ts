import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service that answers everything, and remembers what it was sent. */
export interface PlainUpstream {
  readonly origin: string;
  readonly seen: IncomingHttpHeaders[];
  close(): void;
}

/** Starts one on loopback. */
export async function startPlainUpstream(): Promise<PlainUpstream> {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    request.resume();
    response.end('served');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
