import type { Route } from '@sallyport/core';

/** What an audience wants to know of callers. Routes that want the same share tokens. */
export interface TokenShape {
  readonly audience: string;
  readonly permissions: readonly string[];
  readonly includeProfile: boolean;
  /** Whether they are bound to the certificate that the gateway presents (RFC 8705). */
  readonly isBound: boolean;
  readonly key: string;
}

/** The shape of the tokens of a route. */
export function toTokenShape(
  route: Pick<Route, 'audience' | 'permissions' | 'profile'> & Partial<Pick<Route, 'upstreamTls'>>,
): TokenShape {
  const permissions = [...new Set(route.permissions)].sort();
  const isBound = route.upstreamTls?.bindTokens === true;
  return {
    audience: route.audience,
    permissions,
    includeProfile: route.profile,
    isBound,
    key: JSON.stringify([route.audience, route.profile, permissions, isBound]),
  };
}
