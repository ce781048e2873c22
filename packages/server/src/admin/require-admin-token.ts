import { isLoopbackHost } from '@sallyport/core';
import { ConfigurationError } from '../config/configuration-error.ts';
import type { Environment } from '../config/environment.ts';

/** @throws ConfigurationError when the admin listener is open to the network and asks for no token. */
export function requireAdminToken(host: string, { adminToken }: Pick<Environment, 'adminToken'>): void {
  if (adminToken !== undefined || isLoopbackHost(host.toLowerCase())) return;
  throw new ConfigurationError('environment', [
    {
      key: 'SALLYPORT_ADMIN_TOKEN',
      problem: 'is missing: admin.host is open to the network; set it, or bind to 127.0.0.1',
    },
  ]);
}
