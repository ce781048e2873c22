import type { InvalidationBus, KeyRing, SessionDirectory } from '@sallyport/core';
import { sessionToToken } from '@sallyport/gateway/hono';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';

export interface HonoProxyWithSallyportOptions {
  /** Origin that the browser sees. */
  readonly publicUrl: string;
  /** Origin of the service behind `/api/shop`. */
  readonly upstream: string;
  /** Who a session belongs to: `identity.directory` of `@sallyport/identity`. */
  readonly sessions: SessionDirectory;
  /** Signs the tokens: `openKeyRing` of `@sallyport/stores`. */
  readonly keyRing: KeyRing;
  /** Says when a session ends: `createInProcessBus` of `@sallyport/stores`. */
  readonly bus: InvalidationBus;
}

const prefix = '/api/shop';

/**
 * The same proxy as `createHonoProxy`, with `sessionToToken()` in the place of the session read and the signature:
 * both now happen once per session and service, and end at once when the session does.
 */
export function createHonoProxyWithSallyport(options: HonoProxyWithSallyportOptions) {
  const { publicUrl, upstream, sessions, keyRing, bus } = options;

  return new Hono()
    .get('/internal/.well-known/jwks.json', (c) => c.json(keyRing.publicKeys('internal')))
    .all(
      `${prefix}/*`,
      sessionToToken({ publicUrl, sessions, keyRing, bus, audience: 'shop', permissions: ['product:*'] }),
      (c) => {
        const { pathname, search } = new URL(c.req.url);
        return proxy(`${upstream}${pathname.slice(prefix.length)}${search}`, {
          raw: c.req.raw,
          headers: c.var.sallyport.headers,
        });
      },
    );
}
