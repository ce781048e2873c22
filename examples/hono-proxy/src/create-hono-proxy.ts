import { Hono } from 'hono';
import { csrf } from 'hono/csrf';
import { proxy } from 'hono/proxy';
import { createAuth, type Auth, type AuthOptions } from './auth.ts';
import { createTokenSigner } from './token-signer.ts';

export interface HonoProxyOptions extends AuthOptions {
  /** Origin of the service behind `/api/shop`. */
  readonly upstream: string;
  /** Audience of the tokens that the service receives. @default 'shop' */
  readonly audience?: string;
}

export interface HonoProxy {
  readonly app: Hono;
  readonly auth: Auth;
}

const prefix = '/api/shop';

/**
 * The hybrid strategy as the obvious build: a session cookie outside, a signed token inside.
 *
 * Every request asks Better Auth who the cookie belongs to, signs a token for the service, and is passed on by Hono's
 * `proxy()` without the cookie.
 */
export async function createHonoProxy(options: HonoProxyOptions): Promise<HonoProxy> {
  const { upstream, publicUrl, audience = 'shop' } = options;
  const auth = await createAuth(options);
  const signer = await createTokenSigner(`${publicUrl}/internal`);
  const app = new Hono();

  app.get('/internal/.well-known/jwks.json', (c) => c.json(signer.publicKeys));
  app.on(['GET', 'POST'], '/auth/*', (c) => auth.handler(c.req.raw));

  app.use(`${prefix}/*`, csrf({ origin: publicUrl }));
  app.all(`${prefix}/*`, async function passOnWithToken(c) {
    const found = await auth.api.getSession({ headers: c.req.raw.headers });
    if (found === null) return c.json({ error: 'unauthenticated' }, 401);
    const { user, session } = found;
    const token = await signer.sign(
      { userId: user.id, sessionId: session.id, signedInAt: session.createdAt },
      audience,
    );
    return proxy(toUpstreamUrl(upstream, c.req.url), {
      raw: c.req.raw,
      headers: {
        ...c.req.header(),
        authorization: `Bearer ${token}`,
        'x-forwarded-host': c.req.header('host'),
        cookie: undefined,
        connection: undefined,
      },
    });
  });

  return { app, auth };
}

/** `/api/shop/products?page=2` at the gateway is `/products?page=2` at the service. */
function toUpstreamUrl(upstream: string, requestUrl: string): string {
  const { pathname, search } = new URL(requestUrl);
  return `${upstream}${pathname.slice(prefix.length)}${search}`;
}
