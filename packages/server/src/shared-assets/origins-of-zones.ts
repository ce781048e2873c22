import type { Route } from '@sallyport/core';

/**
 * The targets of the public routes to assets, the first of each zone in front.
 *
 * A zone with hosts of its own is none of them: it has them in order to share nothing with the others, and a file of another
 * zone would be a script on its pages.
 */
export function originsOfZones(routes: readonly Route[]): readonly string[] {
  const targets = routes
    .filter(
      ({ prefix, access, hosts }) =>
        access === 'public' && hosts === undefined && /^\/_(?:next|zones\/[^/]+)$/.test(prefix),
    )
    .map(({ upstream }) => [upstream].flat());
  const most = Math.max(0, ...targets.map(({ length }) => length));
  const inTurn = Array.from({ length: most }, (_, index) => targets.flatMap((of) => of[index] ?? []));
  return [...new Set(inTurn.flat())];
}
