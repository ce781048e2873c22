import { SallyportError } from '@sallyport/core';
import type { UpstreamTarget } from './upstream-target.ts';

/** Chooses the target of each request on a route. */
export interface ChooseTarget {
  /** @throws `SP_SERVICE_UNAVAILABLE` when every target is suspended or full. */
  first(): UpstreamTarget;
  /** Another one than the one that failed; `undefined` when there is none. */
  other(failed: UpstreamTarget): UpstreamTarget | undefined;
}

/** Builds the choice: the target with the fewest requests in flight; equals take turns. */
export function createTargetChoice(targets: readonly UpstreamTarget[]): ChooseTarget {
  const only = targets.length === 1 ? targets[0] : undefined;
  let turn = 0;

  const leastBusy = (failed?: UpstreamTarget): UpstreamTarget | undefined => {
    let best: UpstreamTarget | undefined;
    for (let step = 0; step < targets.length; step++) {
      const target = targets[(turn + step) % targets.length];
      if (target === undefined || target === failed || !target.isAvailable()) continue;
      if (best === undefined || target.inFlight < best.inFlight) best = target;
    }
    turn = (turn + 1) % targets.length;
    return best;
  };

  return {
    first: () => {
      if (only?.isAvailable() === true) return only;
      const target = only === undefined ? leastBusy() : undefined;
      if (target === undefined) throw noTargetAvailable(targets);
      return target;
    },
    other: (failed) => (only === undefined ? leastBusy(failed) : undefined),
  };
}

function noTargetAvailable(targets: readonly UpstreamTarget[]): SallyportError {
  const isBusy = targets.some(({ isSuspended }) => !isSuspended);
  return new SallyportError('SP_SERVICE_UNAVAILABLE', {
    reason: isBusy ? 'upstream-busy' : 'upstream-suspended',
    retryAfterSeconds: Math.min(...targets.map((target) => target.retryAfterSeconds())),
  });
}
