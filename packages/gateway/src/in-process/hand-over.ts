import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { RequestContext } from '@sallyport/core';
import type { Forwarder } from '../forward/forward.ts';
import type { Transfer } from '../forward/forwarding.ts';
import { writeUpstreamHeaders, type UpstreamRequestParts } from '../forward/upstream-request.ts';
import { requestOf, type RequestState } from '../pipeline/request-state.ts';
import { pushSafetyHeaders } from '../response/safety-headers.ts';

/** Continues with the next handler of the process, which serves what was let through. */
export type ContinueWith = (context: RequestContext) => void;

export interface HandOverParts extends UpstreamRequestParts {
  readonly strictTransport: string | undefined;
  /** Takes the continuation of a request, which is used once. */
  readonly takeContinuation: (message: IncomingMessage) => ContinueWith | undefined;
}

const nothingToAbort: Transfer = { abort: () => {}, upstreamMilliseconds: undefined };

/**
 * Lets a request through to a handler of the same process, where a gateway would send it to an upstream. The handler sees
 * what the upstream would see: the internal token in place of every credential of the caller, no session cookie, and
 * nothing that the client says of itself in headers that only the gateway writes.
 */
export function createHandOver(parts: HandOverParts): Pick<Forwarder, 'forward'> {
  return {
    forward: ({ state, response }, route) => {
      const { message, requestId, clientAddress, caller } = state;
      const continueWith = parts.takeContinuation(message);
      if (continueWith === undefined) throw new TypeError('the request did not come from this process');
      writeRequestHeaders(message, writeUpstreamHeaders(state, route, parts), requestOf(state).headers.isChunked);
      writeAnswerHeaders(state, response, parts.strictTransport);
      continueWith({ requestId, clientAddress, caller });
      return nothingToAbort;
    },
  };
}

/** Both forms in which Node keeps headers: some frameworks read one, some the other. */
function writeRequestHeaders(message: IncomingMessage, list: string[], isChunked: boolean): void {
  // A hop of its own is not made: body parsers ask for it.
  if (isChunked) list.push('transfer-encoding', 'chunked');
  const headers: IncomingHttpHeaders = {};
  const distinct: Record<string, string[]> = {};
  for (let index = 0; index < list.length; index += 2) {
    const name = (list[index] ?? '').toLowerCase();
    const value = list[index + 1] ?? '';
    const values = Object.hasOwn(distinct, name) ? distinct[name] : undefined;
    if (values === undefined) Object.defineProperty(distinct, name, { ...ownField, value: [value] });
    else values.push(value);
  }
  for (const [name, values] of Object.entries(distinct))
    Object.defineProperty(headers, name, { ...ownField, value: values.join(', ') });
  message.rawHeaders = list;
  message.headers = headers;
  message.headersDistinct = distinct;
}

/** A name such as `__proto__` is a field like any other. */
const ownField = { configurable: true, enumerable: true, writable: true } as const;

/** What the handler may say otherwise, and usually does not say at all. */
function writeAnswerHeaders(state: RequestState, response: ServerResponse, strictTransport: string | undefined): void {
  const headers = ['x-request-id', state.requestId];
  pushSafetyHeaders(headers, {}, strictTransport, false);
  if (state.caller.kind !== 'anonymous') headers.push('cache-control', 'no-store');
  for (let index = 0; index < headers.length; index += 2)
    response.setHeader(headers[index] ?? '', headers[index + 1] ?? '');
}
