import type { ExecutionContext } from '@nestjs/common';
import { isObject, memberOf, noCredentials, type GuardedTransport } from './guarded-transport.ts';
import { rawRequest } from './raw-request.ts';

/**
 * Queries, mutations, subscriptions and field resolvers. A resolver is called with its parent, its arguments, the context
 * of the operation and what is asked for; the context holds the request.
 */
export const graphqlTransport: GuardedTransport = {
  type: 'graphql',
  // An application may share one context, or the request of an upgrade, among operations.
  hasObjectPerCall: false,
  callOf: (context) => {
    const operation = context.getArgByIndex<unknown>(2);
    const request = requestOf(context);
    if (request !== undefined) return rawRequest(request);
    return isObject(operation) ? operation : undefined;
  },
  credentialsOf: (context) => {
    const headers = memberOf(requestOf(context), 'headers');
    return isObject(headers) ? headers : noCredentials;
  },
};

/** Apollo and Mercurius call it `req`, subscriptions of Mercurius `request`. */
function requestOf(context: ExecutionContext): object | undefined {
  const operation = context.getArgByIndex<unknown>(2);
  const request = memberOf(operation, 'req') ?? memberOf(operation, 'request');
  return isObject(request) ? request : undefined;
}
