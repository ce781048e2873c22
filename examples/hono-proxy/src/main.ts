import { randomBytes } from 'node:crypto';
import { serve } from '@hono/node-server';
import { createHonoProxy } from './create-hono-proxy.ts';
import { startDemoService } from './demo-service.ts';

const port = Number(process.env['PORT'] ?? 3300);
const publicUrl = `http://localhost:${port}`;

startDemoService({
  port: port + 1,
  issuer: `${publicUrl}/internal`,
  keysUrl: `${publicUrl}/internal/.well-known/jwks.json`,
  audience: 'shop',
});

const { app } = await createHonoProxy({
  publicUrl,
  upstream: `http://127.0.0.1:${port + 1}`,
  // Made anew at each start: users have to sign in again, as their accounts are gone as well.
  secret: randomBytes(32).toString('base64url'),
  databaseFile: ':memory:',
});

serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, () => {
  process.stdout.write(`The proxy listens on ${publicUrl}, the service behind it on port ${port + 1}.\n`);
});
