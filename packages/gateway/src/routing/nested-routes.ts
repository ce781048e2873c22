import type { Route } from '@sallyport/core';
import { foldCase } from './fold-case.ts';
import { strictnessOf } from './strictness.ts';

/** A route below the prefix of another one, at the same upstream, that demands more than that one does. */
export interface NestedRoutes {
  readonly outer: Route;
  readonly inner: Route;
}

/**
 * Finds routes that hold only as long as gateway and upstream read a path in the same way: an upstream that reads it in
 * another way may serve what lies below the inner prefix under the rules of the outer one. Those of which the
 * configuration says whether the upstream tells cases apart are left out.
 */
export function findNestedRoutes(routes: readonly Route[]): readonly NestedRoutes[] {
  return routes.flatMap((inner) =>
    routes
      .filter((outer) => isNested(inner, outer) && inner.caseSensitive === undefined)
      .map((outer) => ({ outer, inner })),
  );
}

function isNested(inner: Route, outer: Route): boolean {
  const below = foldCase(outer.prefix === '/' ? '/' : `${outer.prefix}/`);
  if (inner === outer || !foldCase(inner.prefix).startsWith(below)) return false;
  return (
    strictnessOf(inner) > strictnessOf(outer) && upstreamsOf(inner).some((url) => upstreamsOf(outer).includes(url))
  );
}

function upstreamsOf({ upstream }: Route): readonly string[] {
  return [upstream].flat();
}
