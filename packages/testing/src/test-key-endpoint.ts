import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { internalKeysPath, internalRoutesPath } from '@sallyport/core';
import type { JsonWebKeySet } from '@sallyport/core';

/** How a key endpoint behaves: as it should, or in one of the ways in which real ones fail. */
export type KeyEndpointBehaviour =
  'good' | 'down' | 'unreachable' | 'slow' | 'garbage' | 'web-page' | 'empty' | 'redirect' | 'huge';

/** A real key endpoint on loopback whose behaviour can be switched while it runs. */
export interface TestKeyEndpoint {
  readonly url: string;
  /** How many requests for keys arrived so far. */
  requestCount(): number;
  behave(behaviour: KeyEndpointBehaviour): void;
  close(): Promise<void>;
}

/** Serves a key set at the path of the gateway's internal keys. */
export async function listenForKeys(keys: () => JsonWebKeySet): Promise<TestKeyEndpoint> {
  let behaviour: KeyEndpointBehaviour = 'good';
  let count = 0;
  const server = createServer((request, response) => {
    // What a service asks once at its start, whatever becomes of its keys.
    if (request.url?.startsWith(internalRoutesPath) === true) return void response.writeHead(404).end();
    count += 1;
    answer(behaviour, response, keys());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port, not on a pipe, has an address of this shape.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${internalKeysPath}`,
    requestCount: () => count,
    behave: (next) => {
      behaviour = next;
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function answer(behaviour: KeyEndpointBehaviour, response: ServerResponse, keys: JsonWebKeySet): void {
  switch (behaviour) {
    case 'good':
      response.setHeader('content-type', 'application/json').end(JSON.stringify(keys));
      return;
    case 'down':
      response.writeHead(503).end();
      return;
    case 'unreachable':
      response.destroy();
      return;
    case 'slow':
      // Never answers: the caller has to give up by itself.
      return;
    case 'garbage':
      response.setHeader('content-type', 'application/json').end('{"keys":[{"kty":');
      return;
    case 'web-page':
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>Maintenance</title>');
      return;
    case 'empty':
      response.setHeader('content-type', 'application/json').end('{"keys":[]}');
      return;
    case 'redirect':
      response.writeHead(302, { location: '/elsewhere' }).end();
      return;
    case 'huge':
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...keys, padding: 'x'.repeat(300_000) }));
  }
}
