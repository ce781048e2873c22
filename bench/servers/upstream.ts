import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reportReady } from '../child-side.ts';

/** What the upstream has seen. */
export interface UpstreamReport {
  readonly requests: number;
  readonly withToken: number;
  readonly withCookie: number;
  /** How often the token differed from the one before. */
  readonly tokenChanges: number;
  readonly lastToken: string;
}

/** The service behind every proxy: 1 KB of JSON, and nothing else. */
const body = Buffer.from(JSON.stringify({ id: 'p1', name: 'Lamp', description: 'x'.repeat(1024 - 47) }));

let requests = 0;
let withToken = 0;
let withCookie = 0;
let tokenChanges = 0;
let lastToken = '';

const server = createServer((request, response) => {
  requests += 1;
  const { authorization, cookie } = request.headers;
  if (cookie !== undefined) withCookie += 1;
  if (authorization?.startsWith('Bearer ') === true) {
    withToken += 1;
    if (authorization !== lastToken) {
      tokenChanges += 1;
      lastToken = authorization;
    }
  }
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length });
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  reportReady({ port: (server.address() as AddressInfo).port, bodyLength: body.length }, (): UpstreamReport => ({
    requests,
    withToken,
    withCookie,
    tokenChanges,
    lastToken,
  }));
});
