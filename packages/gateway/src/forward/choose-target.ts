import { SallyportError } from '@sallyport/core';
import type { UpstreamTarget } from './upstream-target.ts';

/** Chooses the target of each request on a route. */
export interface ChooseTarget {
  /** @throws `SP_SERVICE_UNAVAILABLE` when every target is left alone or full. */
  first(): UpstreamTarget;
  /** Another one than that which failed; nothing when there is none. */
  other(failed: UpstreamTarget): UpstreamTarget | undefined;
}

/** Builds the choice: the target with the fewest requests under way, in turn where several have equally few. */
export function createTargetChoice(targets: readonly UpstreamTarget[]): ChooseTarget {
  const only = targets.length === 1 ? targets[0] : undefined;
  let turn = 0;

  const leastBusy = (failed?: UpstreamTarget): UpstreamTarget | undefined => {
    let best: UpstreamTarget | undefined;
    for (let step = 0; step < targets.length; step++) {
      const target = targets[(turn + step) % targets.length];
      if (target === undefined || target === failed || !target.mayTake()) continue;
      if (best === undefined || target.inFlight < best.inFlight) best = target;
    }
    turn = (turn + 1) % targets.length;
    return best;
  };

  return {
    first: () => {
      if (only?.mayTake() === true) return only;
      const target = only === undefined ? leastBusy() : undefined;
      if (target === undefined) throw nobodyThere(targets);
      return target;
    },
    other: (failed) => (only === undefined ? leastBusy(failed) : undefined),
  };
}

function nobodyThere(targets: readonly UpstreamTarget[]): SallyportError {
  const isBusy = targets.some(({ isSuspended }) => !isSuspended);
  return new SallyportError('SP_SERVICE_UNAVAILABLE', {
    reason: isBusy ? 'upstream-busy' : 'upstream-suspended',
    retryAfterSeconds: Math.min(...targets.map((target) => target.retryAfterSeconds())),
  });
}
