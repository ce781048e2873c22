import { silentMeter, type Meter, type Route } from '@sallyport/core';
import { Pool, type buildConnector } from 'undici';
import { staysOpen } from '../routing/accepted-by-route.ts';
import { startHealthChecks } from './health-checks.ts';
import { RenewedPool } from './renewed-pool.ts';
import { createClientFactory } from './upstream-client.ts';
import { createUpstreamConnector } from './upstream-connector.ts';
import type { UpstreamIdentity } from './upstream-tls.ts';
import type { BreakerOptions } from './circuit-breaker.ts';
import { UpstreamTarget, type InFlightLimits } from './upstream-target.ts';

/** Every target that routes name, shared by both listeners. */
export interface Upstreams {
  /**
   * The targets of one configuration: those that are known already where it describes them alike, with their connections
   * and with what was found out about them, and new ones. Nothing begins until they are used.
   */
  plan(routes: readonly Route[]): UpstreamPlan;
  /** The gateway presents another certificate now: connections that present the one before are used for nothing new. */
  renewIdentity(): void;
}

/** The targets of the routes of one configuration. */
export interface UpstreamPlan {
  targetsOf(route: Route): readonly UpstreamTarget[];
  /** Requests go to them from now on, and they are asked how they are. */
  use(): void;
  /** Nothing new begins here. Those that no other configuration uses are not asked any more. */
  retire(): void;
  /** Nothing is in flight here any more. Destroys the connections of those that no other configuration holds. */
  release(): Promise<void>;
}

export interface UpstreamsParts {
  readonly breaker: BreakerOptions;
  /** How old a connection may be that is used again, so that a name which moved is asked for again. */
  readonly connectionSeconds: number;
  /** What the gateway presents to services at present; only asked where a route has `upstreamTls`. */
  readonly identity?: () => UpstreamIdentity | undefined;
  readonly meter?: Meter;
}

/**
 * An upstream that is slower than this is answered for by 504; routes can say otherwise. The last two are equal because
 * undici then keeps one timer through an exchange and does not make a new one for each half.
 */
export const defaultTimeouts = { connect: 5000, headers: 60_000, idle: 60_000 };

/** Of the headers of an answer. Node's own bound is 16 KiB, which a policy for scripts with a few cookies exceeds. */
const answerHeaderBytes = 65_536;

const connectionsPerTarget = 1024;

/** Requests beyond the connections wait for one; more than as many again would wait for too long. */
const requestsPerTarget = 2 * connectionsPerTarget;

const streamsPerTarget = 65_536;

/** A browser asks for six things at once. */
const leastShare = 8;

/** A target, and who has it. */
interface Kept {
  readonly key: string;
  readonly target: UpstreamTarget;
  readonly health: Route['health'];
  readonly presentsCertificate: boolean;
  /** Configurations under which something may still be in flight. */
  holders: number;
  /** Of these, such as may begin something. */
  users: number;
  stopChecks: () => void;
}

/**
 * Builds the targets of all routes, with a pool of connections each. Routes of the same upstream share one, so that what
 * a request of one route found out is known to the others; and so do configurations that follow each other.
 */
export function createUpstreams(parts: UpstreamsParts): Upstreams {
  const { meter = silentMeter } = parts;
  const known = new Map<string, Kept>();
  meter.gauge(
    {
      name: 'sallyport_upstream_targets_suspended',
      help: 'Upstream targets whose circuit breaker is open or whose health checks fail',
    },
    () => [...known.values()].filter(({ users, target }) => users > 0 && target.isSuspended).length,
  );

  const plan = (routes: readonly Route[]): UpstreamPlan => {
    const own = new Map<string, Kept>();
    const keptFor = (origin: string, route: Route): Kept => {
      const key = keyOf(origin, route);
      const kept = own.get(key) ?? known.get(key) ?? keep(key, origin, route, parts);
      own.set(key, kept);
      return kept;
    };
    const byRoute = new Map(
      routes.map((route) => [route, originsOf(route).map((origin) => keptFor(origin, route).target)]),
    );
    let state: 'planned' | 'used' | 'retired' | 'released' = 'planned';
    const retire = (): void => {
      if (state !== 'used') return;
      state = 'retired';
      for (const kept of own.values()) if (--kept.users === 0) kept.stopChecks();
    };

    return {
      targetsOf: (route) => byRoute.get(route) ?? [],
      use: () => {
        if (state !== 'planned') return;
        state = 'used';
        for (const kept of own.values()) {
          known.set(kept.key, kept);
          kept.holders++;
          if (kept.users++ === 0 && kept.health !== undefined)
            kept.stopChecks = startHealthChecks(kept.target, kept.health);
        }
      },
      retire,
      release: async () => {
        retire();
        if (state !== 'retired') return;
        state = 'released';
        const gone = [...own.values()].filter((kept) => --kept.holders === 0);
        for (const { key } of gone) known.delete(key);
        await Promise.all(gone.map(({ target }) => target.destroy()));
      },
    };
  };

  return {
    plan,
    renewIdentity: () => {
      for (const { presentsCertificate, target } of known.values()) if (presentsCertificate) target.renewConnections();
    },
  };
}

function originsOf({ upstream }: Route): readonly string[] {
  return [upstream].flat().map((url) => new URL(url).origin);
}

function connectTimeoutOf({ timeouts }: Route): number {
  return timeouts?.connectMilliseconds ?? defaultTimeouts.connect;
}

/** By default four clients have to come together to fill a target, and not one of them takes all its connections. */
function inFlightLimitsOf(route: Route): InFlightLimits {
  const { limits } = route;
  const total = limits?.inFlight ?? (staysOpen(route) ? streamsPerTarget : requestsPerTarget);
  return { total, perClient: limits?.inFlightPerNetwork ?? Math.max(leastShare, Math.ceil(total / 4)) };
}

/**
 * Whatever makes one target another. Streams stay open for long: they get connections of their own, so that they never
 * hold up short requests.
 */
function keyOf(origin: string, route: Route): string {
  const { health, upstreamTls } = route;
  // Whether tokens are bound is no matter of connections.
  const tls = upstreamTls === undefined ? 'no certificate' : (upstreamTls.serverId ?? 'host');
  return JSON.stringify([origin, connectTimeoutOf(route), staysOpen(route), inFlightLimitsOf(route), health, tls]);
}

function keep(key: string, origin: string, route: Route, parts: UpstreamsParts): Kept {
  const milliseconds = parts.connectionSeconds * 1000;
  const connectors = connectorsOf(route, parts);
  const open = (pipelining: 0 | 1): Pool =>
    new Pool(origin, {
      connections: staysOpen(route) ? null : connectionsPerTarget,
      allowH2: false,
      maxHeaderSize: answerHeaderBytes,
      factory: createClientFactory(connectors()),
      pipelining,
    });
  const connections = {
    kept: new RenewedPool(() => open(1), milliseconds),
    openUnkept: () => new RenewedPool(() => open(0), milliseconds),
  };
  const target = new UpstreamTarget(origin, connections, parts.breaker, inFlightLimitsOf(route));
  const presentsCertificate = route.upstreamTls !== undefined;
  return { key, target, health: route.health, presentsCertificate, holders: 0, users: 0, stopChecks: () => {} };
}

/** Where a certificate is presented, each pool has the one of its time, from its first connection to its last. */
function connectorsOf(route: Route, { identity }: UpstreamsParts): () => buildConnector.connector {
  const timeout = connectTimeoutOf(route);
  const { upstreamTls } = route;
  if (upstreamTls === undefined) {
    const connector = createUpstreamConnector(timeout);
    return () => connector;
  }
  return () => {
    const presented = identity?.();
    if (presented === undefined) throw new TypeError(`there is no certificate for "${route.name}"`);
    return createUpstreamConnector(timeout, { identity: presented, serverId: upstreamTls.serverId });
  };
}
