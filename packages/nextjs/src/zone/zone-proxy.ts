import { NextResponse, type NextRequest } from 'next/server.js';
import { contentSecurityPolicy } from './content-security-policy.ts';

export interface ZoneProxyOptions {
  /** More sources for the content security policy, by directive. */
  readonly allow?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Builds the `proxy` of an application's `proxy.ts`: a fresh nonce and content security policy for every answer.
 * It decides nothing about access; that is done where data is read, with `requireAuth()`.
 *
 * Match every path but the assets, prefetches included: on a path that is left out, Next would believe a
 * policy header that the browser sent (CVE-2026-44581).
 */
export function zoneProxy(options: ZoneProxyOptions = {}): (request: NextRequest) => NextResponse {
  const { allow = {} } = options;
  // oxlint-disable-next-line node/no-process-env -- a constant that Next writes in at build time
  const isDevelopment = process.env.NODE_ENV === 'development';

  return function proxy(request) {
    const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
    const policy = contentSecurityPolicy({ nonce, isDevelopment, allow });
    const headers = new Headers(request.headers);
    headers.delete('content-security-policy-report-only');
    // Next reads the nonce for its own scripts from this header; `requestNonce()` reads the other one.
    headers.set('content-security-policy', policy);
    headers.set('x-nonce', nonce);
    // The gateway says which page was asked for; without one, as in development, this is where requireAuth() comes back to.
    if (!headers.has('x-forwarded-uri')) {
      headers.set('x-forwarded-uri', `${request.nextUrl.pathname}${request.nextUrl.search}`);
    }
    const response = NextResponse.next({ request: { headers } });
    response.headers.set('content-security-policy', policy);
    return response;
  };
}
