import { selectPermissions, type Principal } from '@sallyport/core';
import type { PresentedToken } from '../credentials/exchanged-caller.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';

/** What the token says that this zone or service gets for the user. */
export function presentedBy(audience: string, principal: Principal, routes: readonly ResolvedRoute[]): PresentedToken {
  const shapes = routes.flatMap(({ destination, carriesIdentity }) =>
    destination.kind === 'upstream' && carriesIdentity && destination.shape.audience === audience
      ? [destination.shape]
      : [],
  );
  const { roles, permissions, org, orgRoles, clientId, credential, acr, amr, authTime } = principal;
  return {
    audience,
    clientId,
    credential,
    acr,
    amr,
    authTime,
    roles,
    permissions: selectPermissions(
      permissions,
      shapes.flatMap((shape) => shape.permissions),
    ),
    org,
    orgRoles,
    hasProfile: shapes.some(({ includeProfile }) => includeProfile),
  };
}
