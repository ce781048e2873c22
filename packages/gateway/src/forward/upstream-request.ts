import { requestOf, type RequestState } from '../pipeline/request-state.ts';
import { randomHex } from '../random-hex.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';
import type { ReadCookieHeader } from '../credentials/session-cookie-reader.ts';

export interface UpstreamRequestParts {
  readonly protocol: 'http' | 'https';
  readonly readCookies: ReadCookieHeader;
}

const traceparentSyntax = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Writes the headers that go upstream: the caller's end-to-end headers, and then what only the gateway may say.
 * The list belongs to the request, so it is extended in place.
 */
export function writeUpstreamHeaders(state: RequestState, route: ResolvedRoute, parts: UpstreamRequestParts): string[] {
  const { headers, host, target } = requestOf(state);
  const list = headers.endToEnd;
  list.push('host', host, 'x-forwarded-host', host, 'x-forwarded-proto', parts.protocol);
  list.push('x-forwarded-for', state.clientAddress, 'x-forwarded-uri', target, 'x-request-id', state.requestId);
  if (route.destination.kind === 'upstream' && route.destination.strippedSegments > 0) {
    list.push('x-forwarded-prefix', route.prefix);
  }
  pushTrace(list, headers.traceparent, headers.tracestate, state);
  if (headers.cookie !== undefined) {
    const { others } = state.cookies ?? parts.readCookies(headers.cookie);
    if (others !== undefined) list.push('cookie', others);
  }
  if (headers.contentLength !== undefined && headers.hasBody)
    list.push('content-length', String(headers.contentLength));
  if (state.token !== undefined) list.push('authorization', state.token.authorization);
  else if (headers.sentAuthorization !== undefined && passesAuthorization(state, route)) {
    list.push('authorization', headers.sentAuthorization);
    // The service judges it, and the proof that belongs to it.
    if (headers.dpopProof !== undefined) list.push('dpop', headers.dpopProof);
  }
  return list;
}

/** What comes to the internal listener is a token for the gateway alone. */
function passesAuthorization({ listener }: RequestState, { destination, carriesIdentity }: ResolvedRoute): boolean {
  const isPassed = destination.kind === 'upstream' && destination.route.authorization === 'pass';
  return isPassed && !carriesIdentity && listener !== 'internal';
}

function pushTrace(
  list: string[],
  parent: string | undefined,
  tracestate: string | undefined,
  state: RequestState,
): void {
  const { requestId, upstreamSpan } = state;
  if (parent === undefined || !traceparentSyntax.test(parent)) {
    list.push('traceparent', upstreamSpan?.traceparent ?? `00-${requestId}-${randomHex(16)}-01`);
    return;
  }
  list.push('traceparent', upstreamSpan?.traceparent ?? `${parent.slice(0, 36)}${randomHex(16)}${parent.slice(52)}`);
  if (tracestate !== undefined) list.push('tracestate', tracestate);
}
