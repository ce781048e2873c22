import { isRead } from './request-source.ts';

/**
 * Where Next.js of a zone wants a request of its router to go, when that is the same page under another `_rsc`.
 *
 * `_rsc` is a digest of headers of the router, and both servers compare it with what they get. The shell's takes `next-url`
 * away before its route handlers see it: the zone names the digest without it, the shell the one with it, and the browser would
 * be sent to and fro until it gives up.
 *
 * @returns path and query to ask the gateway for instead, or `undefined` for every other answer.
 */
export function repeatedFlightPath(
  request: Request,
  { status, headers }: { readonly status: number; readonly headers: Headers },
): string | undefined {
  const location = headers.get('location');
  if (status !== 307 || location === null || !isRead(request.method) || request.headers.get('rsc') !== '1')
    return undefined;
  const asked = new URL(request.url);
  if (!URL.canParse(location, asked)) return undefined;
  const named = new URL(location, asked);
  const path = `${named.pathname}${named.search}`;
  return path !== `${asked.pathname}${asked.search}` && withoutDigest(asked) === withoutDigest(named)
    ? path
    : undefined;
}

function withoutDigest(url: URL): string {
  const query = new URLSearchParams(url.search);
  query.delete('_rsc');
  return `${url.pathname}?${query}`;
}
