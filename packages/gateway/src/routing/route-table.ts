import {
  OptionsError,
  SallyportError,
  protectedResourceOf,
  type CredentialKind,
  type ProtectedResource,
  type RawPathPart,
  type RequestLimit,
  type Route,
} from '@sallyport/core';
import { knownMethods } from '../firewall/canonical-request.ts';
import { createHostMatcher } from '../firewall/known-hosts.ts';
import type { RouteLimits } from '../limits/request-limits.ts';
import { credentialsOfRoute, methodsOfRoute } from './accepted-by-route.ts';
import type { Mount } from './mount.ts';
import { chooseOfTwoCases } from './choose-of-two-cases.ts';
import { foldCase } from './fold-case.ts';
import { crossOriginOfMount, crossOriginOfRoute, type CrossOrigin, type CrossOriginOptions } from './cross-origin.ts';
import { problemsOfCallers, problemsOfCredentials } from './route-problems.ts';
import { toTokenShape, type TokenShape } from './token-shape.ts';
import { problemsOfMcp } from '../mcp/problems-of-mcp.ts';
import { problemsOfWebhooks } from './webhook-problems.ts';

/** The route or mount that serves a request, with everything that the stages need of it, worked out once. */
export interface ResolvedRoute {
  readonly name: string;
  readonly prefix: string;
  readonly access: Route['access'];
  readonly csrf: Route['csrf'];
  readonly slide: boolean;
  readonly fresh: boolean;
  readonly stepUp: Route['stepUp'];
  /** Whether its upstream tells cases apart; `undefined` where the configuration does not say so. */
  readonly caseSensitive: boolean | undefined;
  /** Whether `;` may stand in paths. */
  readonly pathParameters: boolean;
  /** What may stand in paths although servers read it in more than one way. */
  readonly rawPath: ReadonlySet<RawPathPart>;
  /** Whether a session is looked at at all: never on public routes, never where other sites may call. */
  readonly carriesIdentity: boolean;
  readonly credentials: ReadonlySet<CredentialKind>;
  /** Whether the session is among `credentials`. */
  readonly acceptsSession: boolean;
  /** What its tokens were made for; `undefined` where they were made for the gateway. */
  readonly resource: ProtectedResource | undefined;
  /** Other sites whose scripts may use it; `undefined` where the gateway lets none. */
  readonly crossOrigin: CrossOrigin | undefined;
  /** How its deliveries are verified; `undefined` where it takes none. */
  readonly webhook: Route['webhook'];
  /** Audiences that may call it through the internal listener. */
  readonly callers: ReadonlySet<string>;
  readonly hosts: readonly string[] | undefined;
  readonly methods: ReadonlySet<string> | undefined;
  /** How many requests may come; `undefined` where that is not limited. */
  readonly limits: RouteLimits | undefined;
  readonly destination: Destination;
}

/** What routes are compared by, before anything is built for them. */
type RouteRules = Omit<ResolvedRoute, 'limits' | 'destination' | 'callers' | 'crossOrigin' | 'resource'>;

/** The part of a mount that decides whether a route gets in its way. */
export type MountPlace = Pick<Mount, 'name' | 'prefix' | 'access' | 'credentials' | 'fresh' | 'slide'>;

/** The limits of a route or mount, by its name and what it asks for. */
export type LimitsOf = (owner: string, limits: readonly RequestLimit[] | undefined) => RouteLimits | undefined;

/** The protected resource that a route is, where it is one. */
export type ResourceOf = (route: Route) => ProtectedResource | undefined;

export type Destination =
  | { readonly kind: 'upstream'; readonly route: Route; readonly shape: TokenShape; readonly strippedSegments: number }
  | { readonly kind: 'mount'; readonly mount: Mount };

const noCallers: ReadonlySet<string> = new Set();

const noOtherSites: CrossOriginOptions = { tokenOrigins: [], documentOrigins: [] };

/** A mount is for people, who are there in person, unless it says otherwise. */
const sessionOnly: readonly CredentialKind[] = ['session'];

const nothing: ReadonlySet<RawPathPart> = new Set();

/** Where the public URL is not known no token was made for such a route, and none is good there. */
const unknownResourceOf: ResourceOf = (route) => protectedResourceOf(route, '', []);

/** Finds the route of a path. Throws `SP_NOT_FOUND`, `SP_METHOD_NOT_ALLOWED` or `SP_REQUEST_AMBIGUOUS`. */
export interface RouteTable {
  find(host: string, method: string, path: string): ResolvedRoute;
  /** The same, and `undefined` where there is no route. */
  findIfAny(host: string, method: string, path: string): ResolvedRoute | undefined;
  readonly routes: readonly ResolvedRoute[];
  /** Whether the gateway answers preflights anywhere. */
  readonly isForScripts: boolean;
}

interface Candidate {
  readonly route: ResolvedRoute;
  readonly matchesHost: (host: string) => boolean;
}

/**
 * Builds the table of routes and mounts: the longest prefix wins, by whole segments. A route that names its hosts wins
 * over one that serves them all. A method that the winner does not serve is refused, and never falls through to a
 * shorter prefix with other rules.
 *
 * A path in another case is also looked up as the upstream may read it (Express does not tell cases apart). Where that
 * reading leads to a longer prefix, the stricter of the two routes wins, unless the longer one says `caseSensitive: true`.
 *
 * @throws OptionsError naming every pair of routes that no rule tells apart.
 */
export function createRouteTable(
  routes: readonly Route[],
  mounts: readonly Mount[],
  limitsOf: LimitsOf = () => undefined,
  crossOrigin: CrossOriginOptions = noOtherSites,
  resourceOf: ResourceOf = unknownResourceOf,
): RouteTable {
  const zones = zonesOf(routes);
  const resolved = [
    ...mounts.map((mount) => resolveMount(mount, limitsOf, crossOrigin)),
    ...routes.map((route) => resolveRoute(route, zones, limitsOf, resourceOf)),
  ];
  const problems = findProblems(resolved);
  if (problems.length > 0) throw new OptionsError(`the routes cannot be used:\n- ${problems.join('\n- ')}`);

  /** By the prefix as it is written. */
  const written = new Map<string, Candidate[]>();
  /** By the folded prefix: of those whose upstream does not tell cases apart, and of those where the configuration does not say. */
  const folded = { surely: new Map<string, Candidate[]>(), perhaps: new Map<string, Candidate[]>() };
  for (const route of resolved) {
    const matchers = route.hosts?.map(createHostMatcher);
    const matchesHost = matchers === undefined ? () => true : (host: string) => matchers.some((match) => match(host));
    const candidate = { route, matchesHost };
    if (route.caseSensitive === false) addCandidate(folded.surely, foldCase(route.prefix), candidate);
    else addCandidate(written, route.prefix, candidate);
    if (route.caseSensitive === undefined) addCandidate(folded.perhaps, foldCase(route.prefix), candidate);
  }
  const deepest = Math.max(0, ...resolved.map((route) => segmentCount(route.prefix)));
  const hasOnlyLowerCase = resolved.every(({ prefix }) => prefix === foldCase(prefix));

  const findLongest = (path: string, findAt: (prefix: string) => ResolvedRoute | undefined) => {
    for (let end = endOfSegments(path, deepest); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const found = findAt(path.slice(0, end));
      if (found !== undefined) return found;
    }
    return findAt('/');
  };
  const findIfAny = (host: string, method: string, path: string): ResolvedRoute | undefined => {
    const asWritten = findLongest(path, (prefix) => {
      const found = written.size === 0 ? undefined : choose(written.get(prefix), host, method);
      if (found !== undefined || folded.surely.size === 0) return found;
      return choose(folded.surely.get(foldCase(prefix)), host, method);
    });
    const inOneCase = foldCase(path);
    if (asWritten === undefined || (hasOnlyLowerCase && inOneCase === path)) return asWritten;
    const inAnyCase = findLongest(inOneCase, (prefix) => choose(folded.perhaps.get(prefix), host, method));
    return inAnyCase === undefined ? asWritten : chooseOfTwoCases(asWritten, inAnyCase);
  };

  return {
    routes: resolved,
    isForScripts: resolved.some((route) => route.crossOrigin !== undefined),
    findIfAny,
    find: (host, method, path) => {
      const found = findIfAny(host, method, path);
      if (found !== undefined) return found;
      throw new SallyportError('SP_NOT_FOUND', { reason: 'no-route' });
    },
  };
}

/**
 * Says why routes cannot be used beside each other and beside mounts, in a sentence each.
 *
 * @param kinds kinds of credentials that something recognizes, beside the session.
 */
export function problemsOfRoutes(
  routes: readonly Route[],
  mounts: readonly MountPlace[],
  kinds: readonly CredentialKind[] = [],
): readonly string[] {
  const problems = findProblems([...mounts.map(toMountRules), ...routes.map(toRouteRules)]);
  return [
    ...problems,
    ...problemsOfCallers(routes),
    ...problemsOfCredentials(routes, kinds),
    ...problemsOfWebhooks(routes),
    ...problemsOfMcp(routes),
  ];
}

/** Audiences of routes that lead to zones: who may call where a route does not say, and whose tokens are taken late. */
export function zonesOf(routes: readonly Pick<Route, 'zone' | 'audience'>[]): ReadonlySet<string> {
  return new Set(routes.filter(({ zone }) => zone).map(({ audience }) => audience));
}

function resolveRoute(
  route: Route,
  zones: ReadonlySet<string>,
  limitsOf: LimitsOf,
  resourceOf: ResourceOf,
): ResolvedRoute {
  return {
    ...toRouteRules(route),
    resource: resourceOf(route),
    callers: callersOf(route, zones),
    crossOrigin: crossOriginOfRoute(route),
    limits: limitsOf(route.name, route.limits?.requests),
    destination: {
      kind: 'upstream',
      route,
      shape: toTokenShape(route),
      strippedSegments: route.stripPrefix ? segmentCount(route.prefix) : 0,
    },
  };
}

function toRouteRules(route: Route): RouteRules {
  const methods = methodsOfRoute(route);
  const credentials = credentialsOfRoute(route);
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
    rawPath: new Set(route.rawPath),
    carriesIdentity: route.webhook === undefined && route.access !== 'public' && route.csrf !== 'off',
    credentials: new Set(credentials),
    acceptsSession: credentials.includes('session'),
    webhook: route.webhook,
    hosts: route.hosts,
    methods: methods === undefined ? undefined : new Set(methods),
  };
}

/** A webhook comes from outside: no zone calls it for a user. Nor an MCP server, which takes tokens that were made for it. */
function callersOf({ callers, webhook, mcp }: Route, zones: ReadonlySet<string>): ReadonlySet<string> {
  if (webhook !== undefined || mcp !== undefined) return noCallers;
  return callers === undefined ? zones : new Set(callers);
}

function resolveMount(mount: Mount, limitsOf: LimitsOf, crossOrigin: CrossOriginOptions): ResolvedRoute {
  return {
    ...toMountRules(mount),
    resource: undefined,
    callers: mount.callers === undefined ? noCallers : new Set(mount.callers),
    crossOrigin: crossOriginOfMount(mount, crossOrigin),
    limits: limitsOf(mount.name, mount.requestLimits),
    destination: { kind: 'mount', mount },
  };
}

function toMountRules(mount: MountPlace): RouteRules {
  const credentials = new Set(mount.credentials ?? sessionOnly);
  return {
    name: mount.name,
    prefix: mount.prefix,
    access: mount.access,
    csrf: 'same-origin',
    slide: false,
    fresh: mount.fresh ?? false,
    stepUp: undefined,
    caseSensitive: true,
    pathParameters: false,
    rawPath: nothing,
    carriesIdentity: mount.access !== 'public',
    credentials,
    acceptsSession: credentials.has('session'),
    webhook: undefined,
    hosts: undefined,
    methods: undefined,
  };
}

function addCandidate(map: Map<string, Candidate[]>, prefix: string, candidate: Candidate): void {
  const candidates = map.get(prefix) ?? [];
  candidates.push(candidate);
  candidates.sort((a, b) => Number(b.route.hosts !== undefined) - Number(a.route.hosts !== undefined));
  map.set(prefix, candidates);
}

function choose(candidates: readonly Candidate[] | undefined, host: string, method: string): ResolvedRoute | undefined {
  if (candidates === undefined) return undefined;
  const allowed: string[] = [];
  for (const { route, matchesHost } of candidates) {
    if (!matchesHost(host)) continue;
    if (route.methods === undefined || route.methods.has(method)) return route;
    allowed.push(...route.methods);
  }
  if (allowed.length === 0) return undefined;
  throw new SallyportError('SP_METHOD_NOT_ALLOWED', { reason: 'method-not-served', allow: [...new Set(allowed)] });
}

function findProblems(routes: readonly RouteRules[]): readonly string[] {
  const problems: string[] = [];
  for (const [index, route] of routes.entries()) {
    const unknown = [...(route.methods ?? [])].filter((method) => !knownMethods.includes(method));
    if (unknown.length > 0) problems.push(`route "${route.name}" serves unknown methods: ${unknown.join(', ')}`);
    if (route.csrf === 'off' && route.access !== 'public' && route.access !== 'optional') {
      problems.push(`route "${route.name}" has csrf "off", so it never knows its caller: make its access "public"`);
    }
    if (route.stepUp !== undefined && !route.carriesIdentity) {
      problems.push(`route "${route.name}" demands a step-up, but never knows its caller`);
    }
    for (const other of routes.slice(index + 1)) {
      if (route.name === other.name) problems.push(`two routes are named "${route.name}"`);
      if (isTie(route, other)) problems.push(describeTie(route, other));
    }
  }
  return problems;
}

function describeTie(one: RouteRules, other: RouteRules): string {
  const tie = `routes "${one.name}" and "${other.name}" tie on ${one.prefix}`;
  if (one.prefix === other.prefix) return tie;
  return `${tie}: ${other.prefix} differs in case alone. Where the upstreams tell cases apart, write caseSensitive: true in both`;
}

function isTie(one: RouteRules, other: RouteRules): boolean {
  const isSensitive = one.caseSensitive === true && other.caseSensitive === true;
  const isSamePrefix = isSensitive ? one.prefix === other.prefix : foldCase(one.prefix) === foldCase(other.prefix);
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
