import 'server-only';
import type { ClientAuth } from '../client-auth.ts';
import type { Auth } from './auth.ts';

/** Picks what the browser may know of a caller: plain data for `<SallyportProvider initial>`, with no credential in it. */
export function clientAuth(caller: Auth): ClientAuth {
  if (caller.status === 'signed-out') return { status: 'signed-out' };
  const { userId, sessionId, name, email, roles, permissions, org, orgRoles = [], acr, authTime } = caller;
  return {
    status: 'signed-in',
    userId,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    roles: [...roles],
    permissions: [...permissions],
    ...(org === undefined ? {} : { org, orgRoles: [...orgRoles] }),
    acr,
    authTime: Math.floor(authTime.getTime() / 1000),
  };
}
