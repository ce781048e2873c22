import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Where the page of a 431 sends its form. It exists for requests that are refused for their size alone. */
export const clearCookiesPath = '/auth/clear-cookies';

/**
 * Whether a request that was refused for its size asks to have the cookies of this site cleared, from a page of it: no
 * other site may sign its visitors out.
 */
export function asksToClearCookies({ method, url, headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  const isForeign = site === undefined ? headers.origin !== `https://${headers.host}` : site !== 'same-origin';
  return method === 'POST' && url === clearCookiesPath && !isForeign;
}

/**
 * Clears the cookies of every service and every path, and leads back to the start.
 *
 * @see {@link https://www.w3.org/TR/clear-site-data/ Clear Site Data}
 */
export function clearCookies(response: ServerResponse, headers: OutgoingHttpHeaders): void {
  response.writeHead(303, {
    ...headers,
    location: '/',
    'clear-site-data': '"cookies"',
    'cache-control': 'no-store',
    'content-length': 0,
  });
  response.end();
}
