import { SallyportError, type Caller } from '@sallyport/core';
import type { ExecutionContext } from '@nestjs/common';
import { callerOfContext } from '../request-caller.ts';
import { isObject, memberOf } from '../transports/guarded-transport.ts';

/** A call, as a loader of records sees it: before pipes, so that nothing of it was validated or transformed. */
export interface PolicyCall {
  readonly caller: Caller;
  /** Parameters of the path over HTTP, arguments of a resolver in GraphQL, members of a message. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The body over HTTP, and what `params` is of elsewhere. */
  readonly body: unknown;
  readonly context: ExecutionContext;
  /**
   * The text under a name of `params`. Anything else is refused with 400 `SP_REQUEST_INVALID`: an object in its place would
   * be an operator in a query of MongoDB.
   */
  text(name: string): string;
}

/** Reads a call of any transport. */
export function toPolicyCall(context: ExecutionContext): PolicyCall {
  const { params, body } = inputOf(context);
  return {
    caller: callerOfContext(context),
    params,
    body,
    context,
    text: (name) => {
      const value = Object.hasOwn(params, name) ? params[name] : undefined;
      if (typeof value === 'string') return value;
      throw new SallyportError('SP_REQUEST_INVALID', { reason: 'record-not-named' });
    },
  };
}

interface CallInput {
  readonly params: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** Where the arguments of a handler stand in each transport, as Nest hands them to guards. */
const positions: Readonly<Record<string, number>> = { graphql: 1, ws: 1, rpc: 0 };

function inputOf(context: ExecutionContext): CallInput {
  const transport = context.getType<string>();
  if (transport === 'http') {
    const request = context.getArgByIndex<unknown>(0);
    return { params: toRecord(memberOf(request, 'params')), body: memberOf(request, 'body') };
  }
  const payload = context.getArgByIndex<unknown>(positions[transport] ?? 0);
  return { params: toRecord(payload), body: payload };
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? (value as Readonly<Record<string, unknown>>) : {}; // Its members are unknown to every reader.
}
