import { IncomingMessage } from 'node:http';

/** The `IncomingMessage` of a request: Fastify wraps it, Express extends it. */
export function rawRequest(request: object): object {
  if (request instanceof IncomingMessage) return request;
  return 'raw' in request && typeof request.raw === 'object' && request.raw !== null ? request.raw : request;
}
