import { SallyportError } from '@sallyport/core';
import type { UpstreamTarget } from './upstream-target.ts';

/** Chooses the target of each request on a route. */
export interface ChooseTarget {
  /**
   * @throws `SP_SERVICE_UNAVAILABLE` when every target is suspended or full; `SP_TOO_MANY_REQUESTS` when the client has
   *   its share of those that are not.
   */
  first(client: string | undefined): UpstreamTarget;
  /** Throws what `first` would throw now. */
  requireOpen(client: string | undefined): void;
  /** Another one than the one that failed; `undefined` when there is none. */
  other(failed: UpstreamTarget, client: string | undefined): UpstreamTarget | undefined;
}

/** Builds the choice: the target with the fewest requests in flight; equals take turns. */
export function createTargetChoice(targets: readonly UpstreamTarget[]): ChooseTarget {
  const only = targets.length === 1 ? targets[0] : undefined;
  let turn = 0;

  const leastBusy = (client: string | undefined, failed?: UpstreamTarget): UpstreamTarget | undefined => {
    let best: UpstreamTarget | undefined;
    for (let step = 0; step < targets.length; step++) {
      const target = targets[(turn + step) % targets.length];
      if (target === undefined || target === failed || !isOpenTo(target, client)) continue;
      if (best === undefined || target.inFlight < best.inFlight) best = target;
    }
    turn = (turn + 1) % targets.length;
    return best;
  };

  return {
    first: (client) => {
      if (only !== undefined && isOpenTo(only, client)) return only;
      const target = only === undefined ? leastBusy(client) : undefined;
      if (target === undefined) throw noTargetAvailable(targets);
      return target;
    },
    requireOpen: (client) => {
      if (!targets.some((target) => isOpenTo(target, client))) throw noTargetAvailable(targets);
    },
    other: (failed, client) => (only === undefined ? leastBusy(client, failed) : undefined),
  };
}

function isOpenTo(target: UpstreamTarget, client: string | undefined): boolean {
  return target.isAvailable() && !target.isShareUsed(client);
}

function noTargetAvailable(targets: readonly UpstreamTarget[]): SallyportError {
  if (targets.some((target) => target.isAvailable()))
    return new SallyportError('SP_TOO_MANY_REQUESTS', { reason: 'in-flight-share', retryAfterSeconds: 1 });
  const isBusy = targets.some(({ isSuspended }) => !isSuspended);
  return new SallyportError('SP_SERVICE_UNAVAILABLE', {
    reason: isBusy ? 'upstream-busy' : 'upstream-suspended',
    retryAfterSeconds: Math.min(...targets.map((target) => target.retryAfterSeconds())),
  });
}
