import { createLocalCallers, type LocalRefusal } from '@sallyport/core';
import type { MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';

/** What a Node server puts beside a request. */
interface ConnectionBindings {
  readonly incoming?: { readonly socket: { readonly localPort?: number } };
}

const explanations: Readonly<Record<LocalRefusal, string>> = {
  'host-unknown':
    'Refused: this listener answers to localhost with its port, and to names that are configured for it.\n',
  'from-a-page': 'Refused: a page of another site sent this.\n',
};

/**
 * Builds the middleware that refuses, with 403, what a page of another site made a browser send: see `createLocalCallers`.
 * A link that a person follows to a page is served.
 *
 * @param hosts - further names that callers may use.
 */
export function requireLocalCaller(hosts: readonly string[] = []): MiddlewareHandler {
  const judge = createLocalCallers({ serves: 'own-pages', hosts });
  return createMiddleware(async function requireLocalCaller(c, next) {
    const { incoming } = (c.env ?? {}) as ConnectionBindings; // Absent where a test asks the app without a server.
    const refusal = judge({
      method: c.req.method,
      port: incoming?.socket.localPort,
      header: (name) => c.req.header(name) ?? (name === 'host' ? new URL(c.req.url).host : undefined),
    });
    if (refusal !== undefined) return c.text(explanations[refusal], 403);
    await next();
  });
}
