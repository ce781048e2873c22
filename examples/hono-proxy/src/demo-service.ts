import { serve, type ServerType } from '@hono/node-server';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Hono } from 'hono';

export interface DemoServiceOptions {
  readonly port: number;
  /** Where the gateway publishes its keys. */
  readonly keysUrl: string;
  readonly issuer: string;
  readonly audience: string;
}

/** A service behind the proxy that trusts nothing but the token, and shows what it was told. */
export function startDemoService(options: DemoServiceOptions): ServerType {
  const { port, issuer, audience } = options;
  const keys = createRemoteJWKSet(new URL(options.keysUrl));
  const app = new Hono();

  app.get('/me', async (c) => {
    const token = c.req.header('authorization')?.replace(/^Bearer /, '') ?? '';
    try {
      const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] });
      return c.json({ subject: payload.sub, audience: payload.aud, sawCookie: c.req.header('cookie') !== undefined });
    } catch {
      return c.json({ error: 'invalid_token' }, 401);
    }
  });

  return serve({ fetch: app.fetch, hostname: '127.0.0.1', port });
}
