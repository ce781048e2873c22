import type { CanonicalRequest } from '../firewall/canonical-request.ts';
import { createHostMatcher } from '../firewall/known-hosts.ts';
import { isBelowPrefix } from '../routing/is-below-prefix.ts';
import type { ResolvedRoute } from '../routing/route-table.ts';
import type { ExplainedFact } from './explanation.ts';

/** Says of every route and mount whether it was chosen for a request, and why not. The likeliest come first. */
export function explainRoutes(
  routes: readonly ResolvedRoute[],
  { host, method, path }: CanonicalRequest,
  chosen: ResolvedRoute | undefined,
): readonly ExplainedFact[] {
  const matching = routes.filter((route) => isBelowPrefix(path, route));
  const others = routes.filter((route) => !matching.includes(route)).length;
  const byLength = [...matching].sort((one, other) => other.prefix.length - one.prefix.length);
  return [
    ...byLength.map((route) => ({
      name: `route ${route.name}`,
      value: `${route.prefix}: ${verdict(route, host, method, chosen)}`,
    })),
    ...(others === 0 ? [] : [{ name: 'other routes', value: `${others} with other prefixes` }]),
  ];
}

function verdict(route: ResolvedRoute, host: string, method: string, chosen: ResolvedRoute | undefined): string {
  if (route === chosen) return 'chosen';
  if (route.hosts !== undefined && !route.hosts.some((pattern) => createHostMatcher(pattern)(host)))
    return `not for the host ${host}`;
  if (route.methods !== undefined && !route.methods.has(method)) return `does not serve ${method}`;
  if (chosen === undefined) return 'passed over';
  return route.prefix.length < chosen.prefix.length ? 'a longer prefix won' : 'one that names its host won';
}
