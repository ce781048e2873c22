import type { Route } from '@sallyport/core';

/** Something that a route does otherwise than routes do by default. */
export interface RouteOption {
  readonly name: string;
  readonly value: string;
}

/** What a route opens, or closes, for its upstream alone: for operators, in tables and explanations. */
export function routeOptionsOf(route: Route): readonly RouteOption[] {
  return [
    ...(route.locations === 'any' ? [] : [{ name: 'locations', value: route.locations }]),
    ...(route.authorization === 'translate' ? [] : [{ name: 'authorization', value: 'passed on unjudged' }]),
    ...(route.cache === 'no-store' ? [] : [{ name: 'cache', value: route.cache }]),
    ...(route.affinity === undefined ? [] : [{ name: 'affinity', value: route.affinity }]),
    ...(route.pathParameters ? [{ name: 'pathParameters', value: 'may stand in paths' }] : []),
    ...(route.zone ? [{ name: 'zone', value: 'calls routes that name no callers' }] : []),
    ...(route.callers === undefined ? [] : [{ name: 'callers', value: route.callers.join(' ') || 'none' }]),
    ...(route.cors === undefined ? [] : [{ name: 'cors', value: `read by ${route.cors.origins.join(' ')}` }]),
    ...(route.rawPath.length === 0 ? [] : [{ name: 'rawPath', value: route.rawPath.join(' ') }]),
  ];
}
