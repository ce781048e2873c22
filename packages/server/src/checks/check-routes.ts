import type { Route } from '@sallyport/core';
import { findNestedRoutes } from '@sallyport/gateway';
import type { StartCheck } from './start-context.ts';

/** Which routes hold only as long as their upstream reads paths as the gateway does. */
export const checkRoutes: StartCheck = {
  name: 'routes',
  run: ({ config, preset }) =>
    // A preset chooses upstreams at the start.
    (preset === undefined ? describeNestedRoutes(config.routes) : []).map((finding) => ({
      kind: 'ok',
      finding,
      hint: 'Check access in the service too, and write caseSensitive in the inner route: true where the service tells cases apart, false where it does not.',
    })),
};

/** Describes each pair of routes of which the inner one demands more at the same upstream, in a sentence. */
export function describeNestedRoutes(routes: readonly Route[]): readonly string[] {
  return findNestedRoutes(routes).map(
    ({ inner, outer }) =>
      `"${inner.name}" (${inner.prefix}) demands more than "${outer.name}" (${outer.prefix}) at the same upstream: one that reads paths in another way than the gateway serves it under the rules of "${outer.name}"`,
  );
}
