import type { Credentials, GuardedTransport } from './guarded-transport.ts';
import { rawRequest } from './raw-request.ts';

/** Requests of Express and of Fastify. */
export const httpTransport: GuardedTransport = {
  type: 'http',
  hasObjectPerCall: true,
  // By index: `switchToHttp` makes three functions for each request.
  callOf: (context) => rawRequest(context.getArgByIndex<object>(0)),
  credentialsOf: (context) => context.getArgByIndex<{ readonly headers: Credentials }>(0).headers,
};
