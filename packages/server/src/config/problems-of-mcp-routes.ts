import { protectedResourceOf } from '@sallyport/core';
import type { Config } from './config-schema.ts';
import type { ConfigurationProblem } from './configuration-error.ts';

/** An MCP server whose clients could get no token, or ask for what opens nothing, would be believed to be there. */
export function problemsOfMcpRoutes({ routes, oauthProvider, policy, publicUrl }: Config): ConfigurationProblem[] {
  const permissions = Object.keys(policy.permissions);
  const kind = oauthProvider?.accessTokens === 'opaque' ? 'opaque' : 'bearer';
  const problems = routes.flatMap((route, index): ConfigurationProblem[] => {
    const key = `routes.${index}`;
    const resource = protectedResourceOf(route, publicUrl, permissions);
    if (resource === undefined) return [];
    const closed = resource.firstScopes.filter((scope) => !resource.scopes.includes(scope));
    return [
      ...(oauthProvider === undefined
        ? [
            {
              key: `${key}.mcp`,
              problem: 'takes access tokens of oauthProvider alone: add oauthProvider, {} for the usual',
            },
          ]
        : []),
      ...(oauthProvider !== undefined && !route.credentials.includes(kind)
        ? [
            {
              key: `${key}.credentials`,
              problem: `must be ["${kind}"]: the access tokens of oauthProvider are of that kind`,
            },
          ]
        : []),
      ...closed.map((scope) => ({
        key: `${key}.mcp.scopes`,
        problem: `has ${scope}, which no token for the route carries: add it to the permissions of the route`,
      })),
    ];
  });
  const isUseless = oauthProvider?.clientsByMetadata !== undefined && routes.every(({ mcp }) => mcp === undefined);
  return isUseless
    ? [{ key: 'oauthProvider.clientsByMetadata', problem: 'opens nothing: no route has "mcp"' }]
    : problems;
}
