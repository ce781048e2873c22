import { SallyportError, type RequestLimit, type Route } from '@sallyport/core';
import { knownMethods } from '../firewall/canonical-request.ts';
import { createHostMatcher } from '../firewall/known-hosts.ts';
import type { PlaceLimits } from '../limits/request-limits.ts';
import type { Mount } from './mount.ts';
import { toTokenShape, type TokenShape } from '../credentials/token-mint.ts';

/** Where a request goes, and what the door asks of it there. */
export interface Place {
  readonly name: string;
  readonly prefix: string;
  readonly access: Route['access'];
  readonly csrf: Route['csrf'];
  readonly slide: boolean;
  readonly fresh: boolean;
  readonly stepUp: Route['stepUp'];
  readonly caseSensitive: boolean;
  /** Whether `;` may stand in paths. */
  readonly pathParameters: boolean;
  /** Whether a session is looked at at all: never on public routes, never where other sites may call. */
  readonly carriesIdentity: boolean;
  readonly hosts: readonly string[] | undefined;
  readonly methods: ReadonlySet<string> | undefined;
  /** How many requests may come; `undefined` where that is not limited. */
  readonly limits: PlaceLimits | undefined;
  readonly destination: Destination;
}

/** The limits of a route or mount, by its name and what it asks for. */
export type LimitsOf = (owner: string, limits: readonly RequestLimit[] | undefined) => PlaceLimits | undefined;

export type Destination =
  | { readonly kind: 'upstream'; readonly route: Route; readonly shape: TokenShape; readonly strippedSegments: number }
  | { readonly kind: 'mount'; readonly mount: Mount };

/** Finds the place of a path. Throws `SP_NOT_FOUND` or `SP_METHOD_NOT_ALLOWED`. */
export interface RouteTable {
  find(host: string, method: string, path: string): Place;
  /** The same, and nothing where there is no place. */
  findIfAny(host: string, method: string, path: string): Place | undefined;
  readonly places: readonly Place[];
}

interface Candidate {
  readonly place: Place;
  readonly matchesHost: (host: string) => boolean;
}

/**
 * Builds the table of routes and mounts: the longest prefix wins, by whole segments. A place that names its hosts wins
 * over one that serves them all. A method that the winner does not serve is refused, and never falls through to a
 * shorter prefix with other rules.
 *
 * @throws TypeError naming every pair of places that no rule tells apart.
 */
export function createRouteTable(
  routes: readonly Route[],
  mounts: readonly Mount[],
  limitsOf: LimitsOf = () => undefined,
): RouteTable {
  const places = [
    ...mounts.map((mount) => toMountPlace(mount, limitsOf)),
    ...routes.map((route) => toRoutePlace(route, limitsOf)),
  ];
  const problems = problemsOf(places);
  if (problems.length > 0) throw new TypeError(`the routes cannot be used:\n- ${problems.join('\n- ')}`);

  const byPrefix = new Map<string, Candidate[]>();
  /** Those whose upstream does not tell cases apart, by their prefix in lower case. */
  const byLoweredPrefix = new Map<string, Candidate[]>();
  for (const place of places) {
    const matchers = place.hosts?.map(createHostMatcher);
    const matchesHost = matchers === undefined ? () => true : (host: string) => matchers.some((match) => match(host));
    const map = place.caseSensitive ? byPrefix : byLoweredPrefix;
    const key = place.caseSensitive ? place.prefix : place.prefix.toLowerCase();
    const candidates = map.get(key) ?? [];
    candidates.push({ place, matchesHost });
    candidates.sort((a, b) => Number(b.place.hosts !== undefined) - Number(a.place.hosts !== undefined));
    map.set(key, candidates);
  }
  const deepest = Math.max(0, ...places.map((place) => segmentCount(place.prefix)));

  const findAt = (prefix: string, host: string, method: string): Place | undefined => {
    const found = byPrefix.size === 0 ? undefined : choose(byPrefix.get(prefix), host, method);
    if (found !== undefined || byLoweredPrefix.size === 0) return found;
    return choose(byLoweredPrefix.get(prefix.toLowerCase()), host, method);
  };
  const findIfAny = (host: string, method: string, path: string): Place | undefined => {
    for (let end = endOfSegments(path, deepest); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const found = findAt(path.slice(0, end), host, method);
      if (found !== undefined) return found;
    }
    return findAt('/', host, method);
  };

  return {
    places,
    findIfAny,
    find: (host, method, path) => {
      const found = findIfAny(host, method, path);
      if (found !== undefined) return found;
      throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
    },
  };
}

function toRoutePlace(route: Route, limitsOf: LimitsOf): Place {
  return {
    name: route.name,
    prefix: route.prefix,
    access: route.access,
    csrf: route.csrf,
    slide: route.slide,
    fresh: route.fresh,
    stepUp: route.stepUp,
    caseSensitive: route.caseSensitive,
    pathParameters: route.pathParameters,
    carriesIdentity: route.access !== 'public' && route.csrf !== 'off',
    hosts: route.hosts,
    methods: route.methods === undefined ? undefined : new Set(route.methods),
    limits: limitsOf(route.name, route.limits?.requests),
    destination: {
      kind: 'upstream',
      route,
      shape: toTokenShape(route),
      strippedSegments: route.stripPrefix ? segmentCount(route.prefix) : 0,
    },
  };
}

function toMountPlace(mount: Mount, limitsOf: LimitsOf): Place {
  return {
    name: mount.name,
    prefix: mount.prefix,
    access: mount.access,
    csrf: 'same-origin',
    slide: false,
    fresh: false,
    stepUp: undefined,
    caseSensitive: true,
    pathParameters: false,
    carriesIdentity: mount.access !== 'public',
    hosts: undefined,
    methods: undefined,
    limits: limitsOf(mount.name, mount.requestLimits),
    destination: { kind: 'mount', mount },
  };
}

function choose(candidates: readonly Candidate[] | undefined, host: string, method: string): Place | undefined {
  if (candidates === undefined) return undefined;
  const allowed: string[] = [];
  for (const { place, matchesHost } of candidates) {
    if (!matchesHost(host)) continue;
    if (place.methods === undefined || place.methods.has(method)) return place;
    allowed.push(...place.methods);
  }
  if (allowed.length === 0) return undefined;
  throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: [...new Set(allowed)] });
}

function problemsOf(places: readonly Place[]): readonly string[] {
  const problems: string[] = [];
  for (const [index, place] of places.entries()) {
    const unknown = [...(place.methods ?? [])].filter((method) => !knownMethods.includes(method));
    if (unknown.length > 0) problems.push(`route "${place.name}" serves unknown methods: ${unknown.join(', ')}`);
    if (place.csrf === 'off' && place.access !== 'public' && place.access !== 'optional') {
      problems.push(`route "${place.name}" has csrf "off", so it never knows its caller: make its access "public"`);
    }
    if (place.stepUp !== undefined && !place.carriesIdentity) {
      problems.push(`route "${place.name}" demands a step-up, but never knows its caller`);
    }
    for (const other of places.slice(index + 1)) {
      if (place.name === other.name) problems.push(`two routes are named "${place.name}"`);
      if (isTie(place, other)) problems.push(`routes "${place.name}" and "${other.name}" tie on ${place.prefix}`);
    }
  }
  return problems;
}

function isTie(one: Place, other: Place): boolean {
  const isSensitive = one.caseSensitive && other.caseSensitive;
  const isSamePrefix = isSensitive
    ? one.prefix === other.prefix
    : one.prefix.toLowerCase() === other.prefix.toLowerCase();
  if (!isSamePrefix) return false;
  if ((one.hosts === undefined) !== (other.hosts === undefined)) return false;
  const shareHosts =
    one.hosts === undefined || one.hosts.some((host) => other.hosts?.some((with_) => overlap(host, with_)));
  const shareMethods =
    one.methods === undefined ||
    other.methods === undefined ||
    [...one.methods].some((method) => other.methods?.has(method));
  return shareHosts && shareMethods;
}

function overlap(one: string, other: string): boolean {
  if (one.toLowerCase() === other.toLowerCase()) return true;
  const isWithin = (host: string, pattern: string): boolean =>
    pattern.startsWith('*.') && host.endsWith(pattern.slice(1));
  return isWithin(one, other) || isWithin(other, one);
}

function segmentCount(prefix: string): number {
  return prefix === '/' ? 0 : prefix.split('/').length - 1;
}

/** The end of the first so many segments: a path of thousands of segments costs no more than the deepest prefix. */
function endOfSegments(path: string, count: number): number {
  let end = 0;
  for (let found = 0; found < count; found++) {
    const next = path.indexOf('/', end + 1);
    if (next === -1) return path.length;
    end = next;
  }
  return end;
}
