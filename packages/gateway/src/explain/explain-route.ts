import type { CanonicalRequest } from '../firewall/canonical-request.ts';
import { createHostMatcher } from '../firewall/known-hosts.ts';
import type { Place } from '../routing/route-table.ts';
import type { ExplainedFact } from './explanation.ts';

/** Says of every route and mount whether it was chosen for a request, and why not. The likeliest come first. */
export function explainRoutes(
  places: readonly Place[],
  { host, method, path }: CanonicalRequest,
  chosen: Place | undefined,
): readonly ExplainedFact[] {
  const matching = places.filter((place) => isBelow(path, place.prefix));
  const others = places.filter((place) => !matching.includes(place)).length;
  const byLength = [...matching].sort((one, other) => other.prefix.length - one.prefix.length);
  return [
    ...byLength.map((place) => ({
      name: `route ${place.name}`,
      value: `${place.prefix}: ${verdict(place, host, method, chosen)}`,
    })),
    ...(others === 0 ? [] : [{ name: 'other routes', value: `${others} with other prefixes` }]),
  ];
}

function verdict(place: Place, host: string, method: string, chosen: Place | undefined): string {
  if (place === chosen) return 'chosen';
  if (place.hosts !== undefined && !place.hosts.some((pattern) => createHostMatcher(pattern)(host)))
    return `not for the host ${host}`;
  if (place.methods !== undefined && !place.methods.has(method)) return `does not serve ${method}`;
  if (chosen === undefined) return 'passed over';
  return place.prefix.length < chosen.prefix.length ? 'a longer prefix won' : 'one that names its host won';
}

function isBelow(path: string, prefix: string): boolean {
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`);
}
