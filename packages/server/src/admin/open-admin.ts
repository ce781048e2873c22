import { getRequestListener } from '@hono/node-server';
import { isLoopbackHost, type Logger } from '@sallyport/core';
import { listen } from '@sallyport/gateway';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Config } from '../config/config-schema.ts';
import type { Environment } from '../config/environment.ts';
import { createAdminApp } from './admin-app.ts';
import type { Control } from './control.ts';
import { requireAdminToken } from './require-admin-token.ts';

export interface AdminParts {
  readonly config: Config;
  /** The environment as it is now: the token may be renewed. */
  readonly environment: () => Environment;
  readonly control: Control;
  readonly logger: Logger;
}

/** A listener for operators that is open. */
export interface AdminListener {
  readonly port: number;
  close(): Promise<void>;
}

/** In the data folder: where the admin listener is, for the command line. */
export const adminAddressFile = 'admin-address';

/**
 * Opens the admin listener where one is configured.
 *
 * @throws ConfigurationError when it is open to the network and asks for no token.
 */
export async function openAdmin(parts: AdminParts): Promise<AdminListener | undefined> {
  const { config, environment, control, logger } = parts;
  if (config.admin === undefined) return undefined;
  const { host, port } = config.admin;
  requireAdminToken(host, environment());
  const token = (): string | undefined => environment().adminToken;
  const isLocal = isLoopbackHost(host.toLowerCase());
  const server = createServer();
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  const bound = await listen(server, { host, port }, 'the admin listener');
  const hosts = isLocal ? namesOf(host, bound) : undefined;
  const app = createAdminApp({ control, publicUrl: config.publicUrl, token, hosts, logger });
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  server.on('request', (request, response) => void answer(request, response));
  const forget = noteAddress(config.dataDir, host, bound);
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        forget();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function namesOf(host: string, port: number): ReadonlySet<string> {
  const own = host.includes(':') ? `[${host}]` : host.toLowerCase();
  return new Set([own, 'localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`));
}

/** The command line reads it where the port was picked by chance. What cannot be written is only less convenient. */
function noteAddress(dataDir: string, host: string, port: number): () => void {
  const file = join(dataDir, adminAddressFile);
  const name = host.includes(':') ? `[${host}]` : host;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(file, `http://${name}:${port}\n`, { mode: 0o600 });
  } catch {
    return () => {};
  }
  return () => rmSync(file, { force: true });
}
