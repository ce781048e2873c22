import type { ExecutionContext } from '@nestjs/common';
import { isObject, memberOf, noCredentials, type GuardedTransport } from './guarded-transport.ts';

/** Messages of microservices, whose metadata carries the token: headers of NATS, metadata of gRPC. */
export const messageTransport: GuardedTransport = {
  type: 'rpc',
  // The context of a message is made for it, but nothing says that every transport does so.
  hasObjectPerCall: false,
  callOf: metadataOf,
  credentialsOf: (context) => {
    const metadata = metadataOf(context);
    const authorization = valueOf(metadata, 'authorization') ?? valueOf(headersOf(metadata), 'authorization');
    return authorization === undefined ? noCredentials : { authorization };
  },
};

function metadataOf(context: ExecutionContext): object | undefined {
  const metadata = context.getArgByIndex<unknown>(1);
  return isObject(metadata) ? metadata : undefined;
}

function headersOf(metadata: object | undefined): unknown {
  const getHeaders = memberOf(metadata, 'getHeaders');
  return typeof getHeaders === 'function' ? (getHeaders.call(metadata) as unknown) : undefined;
}

/** NATS gives a text, which is empty where there is none; gRPC a list. */
function valueOf(headers: unknown, name: string): string | readonly string[] | undefined {
  const get = memberOf(headers, 'get');
  if (typeof get !== 'function') return undefined;
  const value: unknown = get.call(headers, name);
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.length === 1 ? String(value[0]) : value.map(String);
}
