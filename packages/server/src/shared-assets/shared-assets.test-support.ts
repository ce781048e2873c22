import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Route } from '@sallyport/core';
import { parseConfig } from '../config/parse-config.ts';
import { zone } from '../config/zone.ts';
import { send, type PlainAnswer } from '../test-support/test-gateway.ts';
import { createSharedAssetsMount, type SharedAssetsParts } from './shared-assets-mount.ts';

export const script = 'export const answer = 42;\n'.repeat(200);
export const immutable = { 'cache-control': 'public, max-age=31536000, immutable' };
let servers: Server[] = [];

export function closeServers(): void {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
}

export type Answer = (response: ServerResponse) => void;

export const sendFile: Answer = (response) =>
  response.writeHead(200, { 'content-type': 'application/javascript; charset=UTF-8', ...immutable }).end(script);

/** A zone that has some files, and what it was asked for. */
export async function startZone(
  files: Readonly<Record<string, Answer>>,
): Promise<{ origin: string; asked: IncomingMessage[]; close(): void }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    const answer = files[request.url ?? ''];
    if (answer === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('Not Found');
    else answer(response);
  });
  return { origin: await listen(server), asked, close: () => void server.close() };
}

export async function listen(server: Server): Promise<string> {
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // It listens on a port.
}

export function routesOf(...origins: readonly string[]): readonly Route[] {
  const policy = { permissions: {}, roles: { user: [] } };
  const routes = origins.flatMap((upstream, index) => [...zone(`zone-${index}`, { upstream, access: 'signed-in' })]);
  return parseConfig({ publicUrl: 'http://localhost:3000', policy, routes }, 'test').routes;
}

/** The mount alone, behind a server that answers refusals with their code. */
export async function serve(
  routes: readonly Route[],
  parts: Partial<SharedAssetsParts> = {},
  from: { readonly address: string } = { address: '127.0.0.1' },
): Promise<string> {
  const mount = createSharedAssetsMount({ routes: () => routes, ...parts });
  return listen(
    createServer((request, response) => {
      const context = { requestId: 'test', clientAddress: from.address, caller: { kind: 'anonymous' } } as const;
      Promise.resolve(mount.handle(request, response, { ...context, noteRefusal: () => {} })).catch(
        (error: unknown) => {
          const { status = 500, code = '' } = error as { status?: number; code?: string }; // A SallyportError.
          response.writeHead(status, { 'x-code': code }).end();
        },
      );
    }),
  );
}

export const get = (url: string, acceptEncoding = 'gzip, br', method = 'GET'): Promise<PlainAnswer> =>
  send(url, method, { 'accept-encoding': acceptEncoding });
