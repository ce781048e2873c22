import { SallyportError } from '@sallyport/core';
import type { NextPage } from '../firewall/next-page.ts';
import type { ResolvedRoute, RouteTable } from './route-table.ts';
import { incomparableStrictness, strictnessOf } from './strictness.ts';

/**
 * Chooses between the route of a path as it stands and the route of the page that it is another spelling of. The stricter
 * one wins, wholly: its rules hold, and its upstream gets the request, unchanged. A route that was written for the
 * spelling itself stays what it is.
 *
 * @throws `SP_REQUEST_AMBIGUOUS` when both ask for something that the other does not; `SP_NOT_FOUND` when the prefix that
 *   the page's route strips is not what the spelling begins with.
 */
export function chooseStricter(
  literal: ResolvedRoute,
  page: NextPage,
  host: string,
  method: string,
  table: RouteTable,
): ResolvedRoute {
  const other = table.findIfAny(host, method, page.path);
  if (other === undefined || other === literal || other.destination.kind !== 'upstream') return literal;
  if (!page.isElsewhere && depthOf(literal) - page.extraSegments >= depthOf(other)) return literal;
  const isWithin = literal.prefix === '/' || other.prefix.startsWith(`${literal.prefix}/`);
  const difference = strictnessOf(other) - strictnessOf(literal);
  if (difference < 0 || (difference === 0 && page.isElsewhere && strictnessOf(other) < incomparableStrictness))
    return literal;
  if (difference === 0 && page.isElsewhere && !isWithin) {
    throw new SallyportError('SP_REQUEST_AMBIGUOUS', { reason: 'spelling-of-two-places' });
  }
  if (other.destination.strippedSegments > 0)
    throw new SallyportError('SP_NOT_FOUND', { reason: 'spelling-of-stripped-route' });
  return other;
}

function depthOf({ prefix }: ResolvedRoute): number {
  return prefix === '/' ? 0 : prefix.split('/').length - 1;
}
