import { SallyportError } from '@sallyport/core';
import type { ReadNextPage } from '../../firewall/next-page.ts';
import { chooseStricter } from '../../routing/choose-stricter.ts';
import type { ResolvedRoute, RouteTable } from '../../routing/route-table.ts';
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
export function findRoute(state: RequestState, { table, readNextPage }: RouteParts): undefined {
  const { host, method, path, query, hasPathParameters } = requestOf(state);
  const route = table.find(host, method, path);
  if (route.prefix === '/' && operatorPaths.test(path))
    throw new SallyportError('SP_NOT_FOUND', { reason: 'operator-path' });
  if (hasPathParameters) requireSameRoute(route, table.findIfAny(host, method, path.replaceAll(/;[^/]*/g, '')));
  const page = readNextPage(path, query);
  state.route = page === undefined ? route : chooseStricter(route, page, host, method, table);
}

/** A server that cuts parameters off and one that does not must agree on whose path this is, and its route must allow them. */
function requireSameRoute(route: ResolvedRoute, withoutParameters: ResolvedRoute | undefined): void {
  if (route.pathParameters && route === withoutParameters) return;
  throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'path-parameters' });
}
