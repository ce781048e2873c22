import type { ExecutionContext } from '@nestjs/common';
import { isObject, memberOf, noCredentials, type GuardedTransport } from './guarded-transport.ts';
import { rawRequest } from './raw-request.ts';

/**
 * Queries, mutations, subscriptions and field resolvers. The context of an operation holds the request that it came with,
 * or the request that opened its connection.
 */
export const graphqlTransport: GuardedTransport = {
  type: 'graphql',
  hasObjectPerCall: true,
  callOf: (context) => {
    const request = requestOf(context);
    return request === undefined ? undefined : rawRequest(request);
  },
  connectionOf: (context) => {
    const request = requestOf(context);
    if (request === undefined) return undefined;
    const raw = rawRequest(request);
    return isUpgrade(raw) ? raw : undefined;
  },
  credentialsOf: (context) => {
    const request = requestOf(context);
    if (request === undefined) return noCredentials;
    const raw = rawRequest(request);
    // Mercurius writes what a client sends in `connection_init` among the headers of the upgrade. A connection has the
    // caller that was verified when it was opened, and no other.
    if (isUpgrade(raw)) return noCredentials;
    const headers = memberOf(raw, 'headers');
    return isObject(headers) ? headers : noCredentials;
  },
};

/**
 * Apollo and Mercurius call it `req`, which is the context of the connection with graphql-ws; subscriptions of Mercurius
 * call it `request`.
 */
function requestOf(context: ExecutionContext): object | undefined {
  const operation = operationOf(context);
  const request = memberOf(operation, 'req') ?? memberOf(operation, 'request');
  if (!isObject(request)) return undefined;
  // A context that an application shares among requests keeps the first one, and with it the first caller: Mercurius
  // notes the answer of the present request beside it.
  const answered = memberOf(memberOf(operation, 'reply'), 'request');
  if (isObject(answered) && rawRequest(answered) !== rawRequest(request)) return undefined;
  return request;
}

/** The context of an operation: a resolver of references (federation) is called without arguments before it. */
function operationOf(context: ExecutionContext): unknown {
  return context.getArgs<unknown[]>().length === 3
    ? context.getArgByIndex<unknown>(1)
    : context.getArgByIndex<unknown>(2);
}

function isUpgrade(request: object): boolean {
  const upgrade = memberOf(memberOf(request, 'headers'), 'upgrade');
  return typeof upgrade === 'string' && upgrade.toLowerCase() === 'websocket';
}
