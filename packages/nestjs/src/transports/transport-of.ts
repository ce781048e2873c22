import { graphqlTransport } from './graphql-transport.ts';
import type { GuardedTransport } from './guarded-transport.ts';
import { httpTransport } from './http-transport.ts';
import { messageTransport } from './message-transport.ts';
import { socketTransport } from './socket-transport.ts';

const transports: ReadonlyMap<string, GuardedTransport> = new Map(
  [httpTransport, graphqlTransport, socketTransport, messageTransport].map((transport) => [transport.type, transport]),
);

/** The transport of a call, by `context.getType()`; `undefined` for one that the guard cannot read. */
export function transportOf(type: string): GuardedTransport | undefined {
  return transports.get(type);
}
