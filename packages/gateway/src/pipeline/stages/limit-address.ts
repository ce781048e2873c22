import { networkOf } from '@sallyport/core';
import { routeOf, type RequestState } from '../request-state.ts';

/** Refuses a client whose address sends too many requests, before anything is read for it. */
export function limitByAddress(state: RequestState): undefined {
  const { limits } = routeOf(state);
  if (limits === undefined || limits.byAddress.length === 0 || state.isRepeated) return;
  const network = networkOf(state.clientAddress);
  // A request that one limit refuses counts against none.
  if (limits.byAddress.length > 1) for (const limiter of limits.byAddress) limiter.requireRoom(network, state.at);
  for (const limiter of limits.byAddress) limiter.take(network, state.at);
}
