import { SallyportError } from '@sallyport/core';
import type { UpstreamTarget } from './upstream-target.ts';

/** Chooses the target of each request on a route. */
export interface ChooseTarget {
  /**
   * @param affinityKey whose requests go to the same target while it is open; absent chooses the least busy one.
   * @throws `SP_SERVICE_UNAVAILABLE` when every target is suspended or full; `SP_TOO_MANY_REQUESTS` when the client has
   *   its share of those that are not.
   */
  first(client: string | undefined, affinityKey?: string): UpstreamTarget;
  /** Throws what `first` would throw now. */
  requireOpen(client: string | undefined): void;
  /** The same among all but the one that failed; `undefined` when there is none. */
  other(failed: UpstreamTarget, client: string | undefined, affinityKey?: string): UpstreamTarget | undefined;
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

  const choose = (client: string | undefined, affinityKey?: string, failed?: UpstreamTarget) =>
    affinityKey === undefined ? leastBusy(client, failed) : highestRandomWeight(targets, client, affinityKey, failed);

  return {
    first: (client, affinityKey) => {
      if (only !== undefined && isOpenTo(only, client)) return only;
      const target = only === undefined ? choose(client, affinityKey) : undefined;
      if (target === undefined) throw noTargetAvailable(targets);
      return target;
    },
    requireOpen: (client) => {
      if (!targets.some((target) => isOpenTo(target, client))) throw noTargetAvailable(targets);
    },
    other: (failed, client, affinityKey) => (only === undefined ? choose(client, affinityKey, failed) : undefined),
  };
}

/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): every gateway chooses the same target without asking another, and a
 * target that leaves takes only its own callers along.
 */
function highestRandomWeight(
  targets: readonly UpstreamTarget[],
  client: string | undefined,
  key: string,
  failed: UpstreamTarget | undefined,
): UpstreamTarget | undefined {
  let best: UpstreamTarget | undefined;
  let highest = -1;
  for (const target of targets) {
    if (target === failed || !isOpenTo(target, client)) continue;
    const weight = hash(`${key} ${target.origin}`);
    if (weight > highest) [best, highest] = [target, weight];
  }
  return best;
}

/** FNV-1a with the finish of MurmurHash3, without which keys that differ at their end stay together. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
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
