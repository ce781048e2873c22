import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { createAuth, createTokenSigner } from '@sallyport/example-hono-proxy';
import type { Verifier } from './verifier.ts';

const publicUrl = 'http://localhost:3000';

/** A verifier of the parts of the obvious build: Hono, Better Auth on a database in memory, and a token signed with jose. */
export async function createBetterAuthVerifier(): Promise<Verifier> {
  const auth = await createAuth({ publicUrl, secret: randomBytes(32).toString('base64url'), databaseFile: ':memory:' });
  const signer = await createTokenSigner(`${publicUrl}/internal`);
  let signatures = 0;
  const app = new Hono();
  app.get('/verify', async (c) => {
    const found = await auth.api.getSession({ headers: c.req.raw.headers });
    if (found === null) return c.body(null, 401);
    const { user, session } = found;
    signatures += 1;
    const token = await signer.sign({ userId: user.id, sessionId: session.id, signedInAt: session.createdAt }, 'shop');
    return c.body(null, 204, { authorization: `Bearer ${token}`, 'x-user-id': user.id });
  });

  const { headers } = await auth.api.signUpEmail({
    body: { name: 'Ada', email: 'ada@example.com', password: randomBytes(12).toString('base64url') },
    returnHeaders: true,
  });
  return {
    // Without `createServer` of its own the adapter makes a plain `node:http` server.
    server: createAdaptorServer({ fetch: app.fetch }) as Server,
    cookie: headers
      .getSetCookie()
      .map((line) => line.split(';', 1)[0])
      .join('; '),
    counters: () => ({ signatures }),
  };
}
