import { isLoopbackHost } from '@sallyport/core';
import { createMiddleware } from 'hono/factory';

/**
 * Refuses requests that a page of another site made a browser send. A browser on the same machine reaches loopback, so a
 * host name of a stranger that points here (DNS rebinding) and whatever is marked as coming from elsewhere get 403. A link
 * that a person follows to a page is served: it tells the site that it stands on nothing.
 */
export const requireLocalCaller = createMiddleware(async function requireLocalCaller(c, next) {
  const host = c.req.header('host') ?? new URL(c.req.url).host;
  const origin = c.req.header('origin');
  const isOwnOrigin = origin === undefined || origin === `http://${host}`;
  if (!isLoopback(host) || !isOwnOrigin || !isOwnOrFollowed(c.req.raw)) return c.text('Refused.\n', 403);
  await next();
});

function isLoopback(host: string): boolean {
  return URL.canParse(`http://${host}`) && isLoopbackHost(new URL(`http://${host}`).hostname);
}

/** @see {@link https://www.w3.org/TR/fetch-metadata/ Fetch Metadata} */
function isOwnOrFollowed({ method, headers }: Request): boolean {
  const site = headers.get('sec-fetch-site') ?? 'none';
  if (site === 'none' || site === 'same-origin') return true;
  return (
    method === 'GET' && headers.get('sec-fetch-mode') === 'navigate' && headers.get('sec-fetch-dest') === 'document'
  );
}
