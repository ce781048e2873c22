import { isLoopbackHost } from '@sallyport/core';
import { requireAdminToken } from '../admin/require-admin-token.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck } from './start-context.ts';

/** Who reaches the admin listener. */
export const checkAdminListener: StartCheck = {
  name: 'admin listener',
  run: ({ config: { admin }, environment }) => {
    if (admin === undefined) return [];
    const failures = findingsOf(() => requireAdminToken(admin.host, environment));
    if (failures.length > 0) return failures;
    const isLocal = isLoopbackHost(admin.host.toLowerCase());
    return [
      {
        kind: 'ok',
        finding: isLocal ? 'on loopback: only this machine reaches it' : 'open to the network, for who has the token',
      },
    ];
  },
};
