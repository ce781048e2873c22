import { freezePrincipal, type Principal } from '@sallyport/core';

/** Who a service is told that a delivery comes from: the sender that the route is for. No person, and no permission. */
export function webhookCallerOf(route: string, at: number): Principal {
  const id = `webhook:${route}`;
  return freezePrincipal({
    kind: 'service',
    id,
    clientId: id,
    roles: [],
    permissions: [],
    acr: 'pwd',
    amr: [],
    authTime: new Date(at),
    credential: 'webhook',
    generation: { session: 0, user: 0, policy: 0 },
  });
}
