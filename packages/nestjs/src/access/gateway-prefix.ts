import type { AudienceRoute } from '@sallyport/core';

/** Why requests that the gateway forwards reach no handler, for a line in the log. */
export interface PrefixProblem {
  readonly event: 'no-gateway-route' | 'prefix-not-forwarded' | 'prefix-stripped';
  readonly hint: string;
  /** Addresses that nothing reaches; a few where there are many. */
  readonly paths?: string;
}

export interface ServicePaths {
  readonly audience: string;
  /** Without slashes around it, or empty. */
  readonly globalPrefix: string;
  /** Of handlers that ask for a caller: what is public may be for probes inside a cluster. */
  readonly paths: readonly string[];
}

const shownPaths = 5;

/** Compares the paths of a service with the prefixes under which the gateway forwards to it. */
export function problemOfPrefix(
  routes: readonly AudienceRoute[],
  { audience, globalPrefix, paths }: ServicePaths,
): PrefixProblem | undefined {
  if (paths.length === 0) return undefined;
  if (routes.length === 0)
    return {
      event: 'no-gateway-route',
      hint: `no route of the gateway has the audience "${audience}", so no token is made for this service: see \`sallyport routes\``,
    };
  const stripped = routes.filter(({ stripPrefix }) => stripPrefix);
  const doubled = stripped.find(({ prefix }) => globalPrefix !== '' && isBelow(prefix, `/${globalPrefix}`));
  if (doubled !== undefined && stripped.length === routes.length)
    return {
      event: 'prefix-stripped',
      hint: `the gateway removes ${doubled.prefix}, and this service sets it again: callers would have to ask for ${doubled.prefix}/${globalPrefix}. Remove setGlobalPrefix, or stripPrefix from the route`,
    };
  const unreached =
    stripped.length > 0 ? [] : paths.filter((path) => !routes.some(({ prefix }) => isBelow(path, prefix)));
  if (unreached.length === 0) return undefined;
  const prefixes = routes.map(({ prefix }) => prefix).join(', ');
  return {
    event: 'prefix-not-forwarded',
    hint: `the gateway forwards what is below ${prefixes}, with that prefix: app.setGlobalPrefix, or stripPrefix: true in the route`,
    paths: unreached.slice(0, shownPaths).join(' ') + (unreached.length > shownPaths ? ' …' : ''),
  };
}

/** By whole segments; one that is a pattern may stand for any, and `*` for all that follow. */
function isBelow(path: string, prefix: string): boolean {
  const [own, wanted] = [segmentsOf(path), segmentsOf(prefix)];
  for (const [index, segment] of wanted.entries()) {
    const found = own[index];
    if (found === undefined) return false;
    if (found.includes('*')) return true;
    if (!/[:{(?]/.test(found) && found.toLowerCase() !== segment.toLowerCase()) return false;
  }
  return true;
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}
