import { createLeastRecentlyUsed, type LeastRecentlyUsed, type Meter, type RequestLimit } from '@sallyport/core';
import { createRequestLimiter, toWatchedLimiter, type Bucket, type RequestLimiter } from './request-limiter.ts';
import { createCounterSync, type CounterSyncParts } from './counter-sync.ts';

/** The limits of a route, by when the subject is known. */
export interface RouteLimits {
  readonly byAddress: readonly RequestLimiter[];
  readonly byCaller: readonly {
    readonly per: Exclude<RequestLimit['per'], 'address'>;
    readonly limiter: RequestLimiter;
  }[];
}

/** What was counted outlives the limits: they may change while requests come. */
export interface RequestLimits {
  /** Begins a set of limits, of one configuration. */
  plan(): LimitPlan;
  close(): void;
}

/** The limits of one configuration. */
export interface LimitPlan {
  /**
   * The limits of one owner, such as a route. Called again with the same owner, they are the same and count together.
   * `undefined` when there are none, and then nothing is to be done for a request.
   */
  of(owner: string, limits: readonly RequestLimit[]): RouteLimits | undefined;
  /** They hold from now on: what was counted for others before is forgotten. */
  use(): void;
}

export interface RequestLimitsParts {
  /** Where other gateways are told; absent means that this one counts alone. */
  readonly shared: CounterSyncParts | undefined;
  readonly maxSubjects: number;
  readonly meter: Meter;
}

type Buckets = LeastRecentlyUsed<Bucket>;

/**
 * Builds the limits on how many requests may come. Counts of windows of the same length for the same owner go on when
 * the configuration changes, also with another maximum: a reload must not reset a used-up limit.
 */
export function createRequestLimits({ shared, maxSubjects, meter }: RequestLimitsParts): RequestLimits {
  const counts = shared === undefined ? undefined : createCounterSync(shared);
  const limited = meter.counter({
    name: 'sallyport_gateway_limited_requests_total',
    help: 'Requests that were refused because a limit was used up',
    labels: ['limit'],
  });
  let inUse: ReadonlyMap<string, Buckets> = new Map();

  const plan = (): LimitPlan => {
    const limiters = new Map<string, RequestLimiter>();
    const counted = new Map<string, Buckets>();
    const limiterOf = (owner: string, { per, max, seconds }: RequestLimit): RequestLimiter => {
      const name = `${owner}-${per}-${seconds}s`;
      const known = limiters.get(name);
      if (known !== undefined) return known;
      const refused = limited.of(name);
      const buckets = inUse.get(name) ?? createLeastRecentlyUsed<Bucket>(maxSubjects);
      const limiter = createRequestLimiter({
        limit: { name, max, seconds },
        buckets,
        share: counts?.of(name, seconds),
        onRefusal: () => refused.add(),
      });
      counted.set(name, buckets);
      limiters.set(name, limiter);
      return limiter;
    };
    return {
      of: (owner, limits) => {
        if (limits.length === 0) return undefined;
        const byAddress: RequestLimiter[] = [];
        const byCaller: RouteLimits['byCaller'][number][] = [];
        for (const limit of limits) {
          const limiter = limiterOf(owner, limit);
          if (limit.per === 'address') byAddress.push(limiter);
          else byCaller.push({ per: limit.per, limiter });
        }
        return { byAddress, byCaller };
      },
      use: () => {
        inUse = counted;
      },
    };
  };

  return { plan, close: () => counts?.close() };
}

/** The same limits for synthetic requests: they are looked at and count nothing. */
export function toWatchedLimits(limits: RouteLimits | undefined): RouteLimits | undefined {
  if (limits === undefined) return undefined;
  const { byAddress, byCaller } = limits;
  return {
    byAddress: byAddress.map(toWatchedLimiter),
    byCaller: byCaller.map(({ per, limiter }) => ({ per, limiter: toWatchedLimiter(limiter) })),
  };
}
