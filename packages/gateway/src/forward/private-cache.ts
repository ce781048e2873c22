import type { Route } from '@sallyport/core';
import type { UpstreamHeaders } from './upstream-headers.ts';

const others: ReadonlySet<string> = new Set(['surrogate-control', 'edge-control', 'expires', 'pragma']);

/** Whether a header says what caches may keep: `Cache-Control`, and what outranks it at one of them (RFC 9213). */
export function speaksToCaches(name: string): boolean {
  return name.endsWith('cache-control') || others.has(name);
}

/**
 * The `Cache-Control` of an answer that was made for one person. No cache that several people share ever keeps it; what
 * the browser of that person keeps is said by the service, where the route allows it.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.7 RFC 9111, section 5.2.2.7}
 */
export function toCacheControl(headers: UpstreamHeaders, cache: Route['cache']): string {
  if (cache === 'no-store') return 'private, no-store';
  const own = headers['cache-control'];
  const value = Array.isArray(own) ? own.join(', ') : (own ?? '');
  const directives = new Set(
    value
      .toLowerCase()
      .split(',')
      .map((directive) => directive.trim()),
  );
  if (directives.has('no-store')) return 'private, no-store';
  // A qualified private="set-cookie" leaves the body public.
  if (directives.has('private') && !/\b(?:public|s-maxage)\b|private=/i.test(value)) return value;
  // Kept, and asked for again each time, with the session that the browser has then.
  const hasValidator = headers['etag'] !== undefined || headers['last-modified'] !== undefined;
  return hasValidator ? 'private, no-cache' : 'private, no-store';
}
