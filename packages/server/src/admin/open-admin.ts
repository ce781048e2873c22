import { getRequestListener } from '@hono/node-server';
import { isLoopbackHost, resolvePages, type Logger } from '@sallyport/core';
import { listen } from '@sallyport/gateway';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Config } from '../config/config-schema.ts';
import type { Environment } from '../config/environment.ts';
import { createAdminApp } from './admin-app.ts';
import type { Control } from './control.ts';
import { createOperatorKey, noteOperatorAccess } from './operator-access.ts';
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
  /** `undefined` where it is for commands of this machine alone. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

/** In the data folder: where the admin listener is, for the command line. */
export const adminAddressFile = 'admin-address';
/** How long an answer may take once nothing more is done. */
const answerMilliseconds = 2000;

/** Where commands reach a gateway that has no admin listener of its own. */
const ownAddress = { host: '127.0.0.1', port: 0 } as const;

/**
 * Opens the admin listener. Where none is configured, and no other process may change what this gateway remembers, there is one
 * on loopback for commands alone: with Redis they work beside the gateway, without it they ask it.
 *
 * @throws ConfigurationError when it is open to the network and asks for no token.
 */
export async function openAdmin(parts: AdminParts): Promise<AdminListener | undefined> {
  const { config, environment, control, logger } = parts;
  const isConfigured = config.admin !== undefined;
  if (!isConfigured && environment().redisUrl !== undefined) return undefined;
  const { host, port } = config.admin ?? ownAddress;
  requireAdminToken(host, environment());
  const token = (): string | undefined => environment().adminToken;
  const isLocal = isLoopbackHost(host.toLowerCase());
  const server = createServer();
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  const bound = await listen(server, { host, port }, 'the admin listener');
  const names = config.admin?.hosts ?? [];
  const hosts = isLocal || names.length > 0 ? [hostOf(host, bound), ...names] : 'any';
  const url = urlOf(host, bound);
  const key = createOperatorKey();
  const forgetAccess = noteOperatorAccess(config.dataDir, { url: urlOf(nameInside(host), bound), key });
  const { publicUrl } = config;
  const app = createAdminApp({
    control,
    publicUrl,
    token,
    key: forgetAccess === undefined ? undefined : key,
    needsKey: !isConfigured,
    // A gateway does not start without what delivers its mail.
    deployment: { publicUrl, pages: resolvePages(config.pages), canMail: true },
    hosts,
    logger,
  });
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  server.on('request', (request, response) => void answer(request, response));
  const forget = isConfigured ? noteAddress(config.dataDir, url) : () => {};
  return {
    port: isConfigured ? bound : undefined,
    close: () =>
      new Promise((resolve) => {
        forget();
        forgetAccess?.();
        // What is being answered is answered: an operator who hears nothing cannot tell what was done.
        const cutOff = setTimeout(() => server.closeAllConnections(), answerMilliseconds);
        server.close(() => {
          clearTimeout(cutOff);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function urlOf(host: string, port: number): string {
  return `http://${hostOf(host, port)}`;
}

function hostOf(name: string, port: number): string {
  return `${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** An address that stands for all of the machine's is called by the one that is always there. */
function nameInside(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

/** The command line reads it where the port was picked by chance. What cannot be written is only less convenient. */
function noteAddress(dataDir: string, url: string): () => void {
  const file = join(dataDir, adminAddressFile);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(file, `${url}\n`, { mode: 0o600 });
  } catch {
    return () => {};
  }
  return () => rmSync(file, { force: true });
}
