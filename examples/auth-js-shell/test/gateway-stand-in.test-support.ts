import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What reached the gateway. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server in the place of the gateway, which says what it got. */
export interface GatewayStandIn {
  readonly url: string;
  readonly seen: SeenRequest[];
  close(): Promise<void>;
}

/** Starts it. Every request is answered with the bearer token that it carried. */
export async function startGatewayStandIn(): Promise<GatewayStandIn> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const { method = '', url: target = '', headers } = request;
    seen.push({ method, target, headers });
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'sallyport=stolen; Path=/' });
      response.end(JSON.stringify({ authorization: headers.authorization ?? null }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
