import { silentMeter, type Meter, type Route } from '@sallyport/core';
import { Pool } from 'undici';
import { startHealthChecks } from './health-checks.ts';
import { createUpstreamConnector } from './upstream-connector.ts';
import { UpstreamTarget, type BreakerOptions } from './upstream-target.ts';

/** Every target that the routes name, shared by both listeners. */
export interface Upstreams {
  targetsOf(route: Route): readonly UpstreamTarget[];
  destroy(): Promise<void>;
}

export interface UpstreamsParts {
  readonly breaker: BreakerOptions;
  readonly meter?: Meter;
}

/**
 * An upstream that is slower than this is answered for by 504; routes can say otherwise. The last two are equal because
 * undici then keeps one timer through an exchange and does not make a new one for each half.
 */
export const defaultTimeouts = { connect: 5000, headers: 60_000, idle: 60_000 };

const connectionsPerTarget = 1024;

/** Requests beyond the connections wait for one; more than as many again would wait for too long. */
const requestsPerTarget = 2 * connectionsPerTarget;

const streamsPerTarget = 65_536;

/**
 * Builds the targets of all routes, with a pool of connections each. Routes of the same upstream share one, so that what
 * a request of one route found out is known to the others.
 */
export function createUpstreams(routes: readonly Route[], { breaker, meter = silentMeter }: UpstreamsParts): Upstreams {
  const targets = new Map<string, UpstreamTarget>();
  const checked = new Set<UpstreamTarget>();
  const byRoute = new Map<Route, readonly UpstreamTarget[]>();
  const stopChecks: (() => void)[] = [];
  for (const route of routes) {
    const urls = Array.isArray(route.upstream) ? route.upstream : [route.upstream];
    const own = urls.map((url) => targetFor(targets, new URL(url).origin, route, breaker));
    byRoute.set(route, own);
    if (route.health === undefined) continue;
    // Routes that share a target ask the same of it.
    stopChecks.push(
      startHealthChecks(
        own.filter((target) => !checked.has(target)),
        route.health,
      ),
    );
    for (const target of own) checked.add(target);
  }
  meter.gauge(
    { name: 'sallyport_upstream_targets_suspended', help: 'Upstream targets that are left alone because they failed' },
    () => [...targets.values()].filter(({ isSuspended }) => isSuspended).length,
  );

  return {
    targetsOf: (route) => byRoute.get(route) ?? [],
    destroy: async () => {
      for (const stop of stopChecks) stop();
      await Promise.all([...targets.values()].map(({ pool }) => pool.destroy()));
    },
  };
}

/** Streams stay open for long: they get connections of their own, so that they never hold up short requests. */
function targetFor(
  targets: Map<string, UpstreamTarget>,
  origin: string,
  { streaming, timeouts, limits, health }: Route,
  breaker: BreakerOptions,
): UpstreamTarget {
  const connectTimeout = timeouts?.connectMilliseconds ?? defaultTimeouts.connect;
  const mostInFlight = limits?.inFlight ?? (streaming ? streamsPerTarget : requestsPerTarget);
  const key = JSON.stringify([origin, connectTimeout, streaming, mostInFlight, health]);
  const known = targets.get(key);
  if (known !== undefined) return known;
  const pool = new Pool(origin, {
    connections: streaming ? null : connectionsPerTarget,
    pipelining: 1,
    allowH2: false,
    connect: createUpstreamConnector(connectTimeout),
  });
  const target = new UpstreamTarget(origin, pool, breaker, mostInFlight);
  targets.set(key, target);
  return target;
}
