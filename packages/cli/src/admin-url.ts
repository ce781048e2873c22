import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '@sallyport/core';
import { adminAddressFile } from '@sallyport/server';
import type { Settings } from './doctor/finding.ts';

/** Where the admin listener is: as configured, or as the gateway wrote into its data folder; `undefined` when unknown. */
export function findAdminUrl({ config }: Settings): string | undefined {
  if (config.admin === undefined) return undefined;
  const { host, port } = config.admin;
  if (port !== 0) {
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  }
  const file = join(config.dataDir, adminAddressFile);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/** @throws UsageError that says how there would be one. */
export function requireAdminUrl(settings: Settings): string {
  const url = findAdminUrl(settings);
  if (url !== undefined) return url;
  throw new UsageError(
    settings.config.admin === undefined
      ? 'The configuration has no admin listener. Add admin: { port: 9464 }, start the gateway again, and ask again.'
      : `No gateway is running on the data folder ${settings.config.dataDir}.`,
  );
}
