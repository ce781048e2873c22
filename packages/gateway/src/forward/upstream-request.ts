import { requestOf, type Passage } from '../pipeline/request-state.ts';
import { randomHex } from '../random-hex.ts';
import type { Place } from '../routing/route-table.ts';
import type { ReadCookieHeader } from '../credentials/session-cookie-reader.ts';

export interface UpstreamRequestParts {
  readonly protocol: 'http' | 'https';
  readonly readCookies: ReadCookieHeader;
}

const traceparentSyntax = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Writes the headers that go upstream: the caller's end-to-end headers, and then what only the door may say.
 * The list is the passage's own, so it is extended in place.
 */
export function writeUpstreamHeaders(passage: Passage, place: Place, parts: UpstreamRequestParts): string[] {
  const { headers, host, target } = requestOf(passage);
  const list = headers.endToEnd;
  list.push('host', host, 'x-forwarded-host', host, 'x-forwarded-proto', parts.protocol);
  list.push('x-forwarded-for', passage.clientAddress, 'x-forwarded-uri', target, 'x-request-id', passage.requestId);
  if (place.destination.kind === 'upstream' && place.destination.strippedSegments > 0) {
    list.push('x-forwarded-prefix', place.prefix);
  }
  pushTrace(list, headers.traceparent, headers.tracestate, passage);
  if (headers.cookie !== undefined) {
    const { others } = passage.cookies ?? parts.readCookies(headers.cookie);
    if (others !== undefined) list.push('cookie', others);
  }
  if (headers.contentLength !== undefined && headers.hasBody)
    list.push('content-length', String(headers.contentLength));
  if (passage.token !== undefined) list.push('authorization', passage.token.authorization);
  return list;
}

/** The target as it came, less the segments that the route strips. Encoded slashes are refused, so counting is safe. */
export function upstreamTarget(target: string, query: string, strippedSegments: number): string {
  if (strippedSegments === 0) return target;
  let end = 0;
  for (let stripped = 0; stripped < strippedSegments; stripped++) {
    end = target.indexOf('/', end + 1);
    if (end === -1 || end >= target.length - query.length) return `/${query}`;
  }
  return target.slice(end);
}

function pushTrace(list: string[], parent: string | undefined, state: string | undefined, passage: Passage): void {
  const { requestId, upstreamSpan } = passage;
  if (parent === undefined || !traceparentSyntax.test(parent)) {
    list.push('traceparent', upstreamSpan?.traceparent ?? `00-${requestId}-${randomHex(16)}-01`);
    return;
  }
  list.push('traceparent', upstreamSpan?.traceparent ?? `${parent.slice(0, 36)}${randomHex(16)}${parent.slice(52)}`);
  if (state !== undefined) list.push('tracestate', state);
}
