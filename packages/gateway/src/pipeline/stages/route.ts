import { SallyportError } from '@sallyport/core';
import { knownMethods, type CanonicalRequest } from '../../firewall/canonical-request.ts';
import type { ReadNextPage } from '../../firewall/next-page.ts';
import { readingsOf } from '../../firewall/raw-path.ts';
import { chooseStricter } from '../../routing/choose-stricter.ts';
import type { ResolvedRoute, RouteTable } from '../../routing/route-table.ts';
import { stripPrefix } from '../../routing/strip-prefix.ts';
import { isPreflight } from '../request-intent.ts';
import { requestOf, type RequestState } from '../request-state.ts';

export interface RouteParts {
  readonly table: RouteTable;
  readonly readNextPage: ReadNextPage;
}

/**
 * What tools of operators call their pages, in whatever case an upstream takes them. A route for everything does not
 * publish them; one that names them does.
 */
const operatorPaths = /^\/(?:metrics|debug|diagnostics|actuator|server-status)(?:[/.]|$)/i;

/** Finds the route of the request: of several readings of its path the strictest. Throws where there is none. */
export function findRoute(state: RequestState, parts: RouteParts): undefined {
  const request = requestOf(state);
  state.route = (parts.table.isForScripts ? findPreflighted(state, request, parts) : undefined) ?? find(request, parts);
}

/** The route of the request that a preflight asks about, where the gateway answers preflights there. */
function findPreflighted(state: RequestState, request: CanonicalRequest, parts: RouteParts): ResolvedRoute | undefined {
  if (!isPreflight(state)) return undefined;
  const method = state.message.headers['access-control-request-method'];
  if (method === undefined || !knownMethods.includes(method)) return undefined;
  try {
    const route = find({ ...request, method }, parts);
    return route.crossOrigin === undefined ? undefined : route;
  } catch (error) {
    // A method that is not served there: what is asked with OPTIONS says so.
    if (error instanceof SallyportError && error.code === 'SP_METHOD_NOT_ALLOWED') return undefined;
    throw error;
  }
}

function find(request: CanonicalRequest, parts: RouteParts): ResolvedRoute {
  const { host, method, path, hasPathParameters, rawParts } = request;
  const { table } = parts;
  const route = table.find(host, method, path);
  requirePublished(route, path);
  if (hasPathParameters) requireSameRoute(route, table.findIfAny(host, method, path.replaceAll(/;[^/]*/g, '')));
  const chosen = withPage(route, request, path, parts);
  if (rawParts.size > 0) requireSameInEveryReading(chosen, request, parts);
  return chosen;
}

function requirePublished(route: ResolvedRoute, path: string): void {
  if (route.prefix === '/' && operatorPaths.test(path))
    throw new SallyportError('SP_NOT_FOUND', { reason: 'operator-path' });
}

/** The route, or the one of the page that the path is another spelling of. */
function withPage(
  route: ResolvedRoute,
  { host, method, query }: CanonicalRequest,
  path: string,
  { table, readNextPage }: RouteParts,
): ResolvedRoute {
  const page = readNextPage(path, query);
  return page === undefined ? route : chooseStricter(route, page, host, method, table);
}

/** A server that cuts parameters off and one that does not must agree on whose path this is, and its route must allow them. */
function requireSameRoute(route: ResolvedRoute, withoutParameters: ResolvedRoute | undefined): void {
  if (route.pathParameters && route === withoutParameters) return;
  throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'path-parameters' });
}

/**
 * The same for everything else that is read in more than one way. What is left behind a stripped prefix must not begin
 * with two slashes in any reading: many take that for an authority.
 */
function requireSameInEveryReading(route: ResolvedRoute, request: CanonicalRequest, parts: RouteParts): void {
  const { host, method, rawPath, rawParts, target, query } = request;
  for (const part of rawParts) if (!route.rawPath.has(part)) refuse('raw-path');
  for (const reading of readingsOf(rawPath, rawParts)) {
    const found = parts.table.findIfAny(host, method, reading);
    if (found === undefined) return refuse('raw-path-of-two-places');
    requirePublished(found, reading);
    if (withPage(found, request, reading, parts) !== route) refuse('raw-path-of-two-places');
  }
  const { destination } = route;
  if (destination.kind !== 'upstream' || destination.strippedSegments === 0) return;
  const rest = stripPrefix(target, query, destination.strippedSegments);
  if (/^\/(?:\/|%(?:25)*(?:2f|5c))/i.test(rest)) refuse('raw-path');
}

function refuse(reason: string): never {
  throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason });
}
