import { IncomingMessage } from 'node:http';

/**
 * The `IncomingMessage` of a request: Fastify wraps it, Express extends it, and the context of a connection of graphql-ws
 * holds the one that opened it.
 */
export function rawRequest(request: object): object {
  if (request instanceof IncomingMessage) return request;
  const held: unknown = 'raw' in request ? request.raw : 'extra' in request ? requestIn(request.extra) : undefined;
  return typeof held === 'object' && held !== null ? held : request;
}

function requestIn(extra: unknown): unknown {
  return typeof extra === 'object' && extra !== null && 'request' in extra ? extra.request : undefined;
}
