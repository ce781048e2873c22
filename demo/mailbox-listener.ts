import { listen } from '@sallyport/gateway';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Server } from 'node:http';

/** Opens the development mailbox on loopback: every client that reaches it reads every mail. */
export async function listenMailbox(
  app: Hono,
  port: number,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  // Without options for HTTP/2 or TLS this makes a plain server.
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  return {
    port: await listen(server, { host: '127.0.0.1', port }, 'the mailbox, DEMO_MAILBOX_PORT'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
