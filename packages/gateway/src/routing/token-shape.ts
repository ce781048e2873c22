import type { Route } from '@sallyport/core';

/** What an audience wants to know of callers. Routes that want the same share tokens. */
export interface TokenShape {
  readonly audience: string;
  readonly permissions: readonly string[];
  readonly includeProfile: boolean;
  readonly key: string;
}

/** The shape of the tokens of a route. */
export function toTokenShape(route: Pick<Route, 'audience' | 'permissions' | 'profile'>): TokenShape {
  const permissions = [...new Set(route.permissions)].sort();
  return {
    audience: route.audience,
    permissions,
    includeProfile: route.profile,
    key: JSON.stringify([route.audience, route.profile, permissions]),
  };
}
