import { OptionsError } from '@sallyport/core';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Server } from 'node:http';

/** Opens the development mailbox on loopback: every client that reaches it reads every mail. Resolves to what closes it. */
export function listenMailbox(app: Hono, port: number): Promise<{ readonly port: number; close(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    // serve() without options for HTTP/2 or TLS makes a plain server.
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
      resolve({ port: address.port, close: () => closeServer(server) });
    }) as Server;
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isBusy = cause.code === 'EADDRINUSE';
      reject(
        isBusy
          ? new OptionsError(
              `Port ${port} of the mailbox is in use. Choose another with DEMO_MAILBOX_PORT.`,
              'SP_OPTIONS_PORT_UNAVAILABLE',
            )
          : cause,
      );
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
