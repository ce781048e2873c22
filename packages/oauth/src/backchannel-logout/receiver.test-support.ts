import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call that a client received. */
export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The claims of the logout token, unverified. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The back-channel logout endpoint of a client: a real server on loopback. */
export interface LogoutReceiver {
  readonly origin: string;
  /** `localhost:3005`. */
  readonly host: string;
  readonly calls: readonly ReceivedCall[];
  /** Resolves once there are this many calls. */
  until(count: number): Promise<readonly ReceivedCall[]>;
  close(): Promise<void>;
}

/** Starts one. `answer` says how it answers; it takes the token where nothing is said. */
export async function startReceiver(
  answer: (response: ServerResponse, count: number) => void = (response) => void response.end(),
  port = 0,
): Promise<LogoutReceiver> {
  const calls: ReceivedCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      calls.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body,
        claims: claimsOf(body),
      });
      answer(response, calls.length);
    });
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${host}`,
    host,
    calls,
    async until(count) {
      for (let attempt = 0; calls.length < count && attempt < 1000; attempt += 1)
        await new Promise((resolve) => setTimeout(resolve, 10));
      return calls;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function claimsOf(body: string): Readonly<Record<string, unknown>> {
  const [, claims = '', signature] = (new URLSearchParams(body).get('logout_token') ?? '').split('.');
  if (signature === undefined) return {};
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}
