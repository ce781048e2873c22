import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { createHonoProxy } from '@sallyport/example-hono-proxy';
import { listenOnLoopback, readServerSettings, reportServer } from './server-report.ts';

/* The obvious build, exactly as the example has it, with one person signed in. */

const { upstreamPort } = readServerSettings();
const publicUrl = 'http://localhost:3000';

const { app, auth } = await createHonoProxy({
  upstream: `http://127.0.0.1:${upstreamPort}`,
  publicUrl,
  secret: randomBytes(32).toString('base64url'),
  databaseFile: ':memory:',
});
const { headers } = await auth.api.signUpEmail({
  body: { name: 'Ada', email: 'ada@example.com', password: randomBytes(12).toString('base64url') },
  returnHeaders: true,
});
const cookie = headers
  .getSetCookie()
  .map((line) => line.split(';', 1)[0])
  .join('; ');

// Without `createServer` of its own the adapter makes a plain `node:http` server.
const server = createAdaptorServer({ fetch: app.fetch }) as Server;
reportServer({
  port: await listenOnLoopback(server),
  cookie,
  note: 'Better Auth on node:sqlite in memory, no cookie cache',
});
