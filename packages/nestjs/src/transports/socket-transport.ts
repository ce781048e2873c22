import type { ExecutionContext } from '@nestjs/common';
import { isObject, memberOf, noCredentials, type GuardedTransport } from './guarded-transport.ts';

/** Messages of WebSockets. The caller is that of the connection; the message itself is never looked at. */
export const socketTransport: GuardedTransport = {
  type: 'ws',
  hasObjectPerCall: false,
  callOf: clientOf,
  connectionOf: clientOf,
  credentialsOf: (context) => {
    // A socket of socket.io knows the request that opened it; one of ws does not.
    const headers = memberOf(memberOf(clientOf(context), 'handshake'), 'headers');
    return isObject(headers) ? headers : noCredentials;
  },
};

function clientOf(context: ExecutionContext): object | undefined {
  const client = context.getArgByIndex<unknown>(0);
  return isObject(client) ? client : undefined;
}
