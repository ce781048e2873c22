import { sessionCookieFor } from '@sallyport/core';
import { createActivityRecorder } from './sessions/activity.ts';
import { createClientAddressReader, createNetworkCheck } from './firewall/client-address.ts';
import type { DecisionParts } from './pipeline/decide.ts';
import { createAllowance, servedByTheDoor } from './forward-auth/allowance.ts';
import type { ForwardAuthParts } from './forward-auth/forward-auth-handler.ts';
import type { CheckedDoorOptions } from './gateway-options.ts';
import { explainDecision, type ExplainParts } from './explain/explain-decision.ts';
import type { Explanation, ExplainQuestion } from './explain/explanation.ts';
import { createForwardedSchemeReader } from './firewall/forwarded-scheme.ts';
import { createNextPageReader } from './firewall/next-page.ts';
import { readPath } from './firewall/canonical-request.ts';
import { createForwarder, type Forwarder } from './forward/forward.ts';
import type { HandleRequestParts, InFlight } from './pipeline/handle-request.ts';
import { createUpstreamMeasures } from './forward/upstream-measures.ts';
import { createAuthenticators, type CredentialParts } from './credentials/registry.ts';
import { createKnownHosts } from './firewall/known-hosts.ts';
import type { Listening } from './listeners/listener.ts';
import { createNoteRefusal, type NoteRefusal } from './record/note-refusal.ts';
import { toWatchedLimits } from './limits/request-limits.ts';
import { createKeysMount } from './response/local-endpoints.ts';
import type { Mount } from './routing/mount.ts';
import type { ListenerKind } from './pipeline/request-state.ts';
import { createRevocationsMount } from './sessions/revocations-mount.ts';
import { createRouteTable, type LimitsOf, type RouteTable } from './routing/route-table.ts';
import { createCookieReader } from './credentials/session-cookie-reader.ts';
import type { PersistentState } from './persistent-state.ts';

/** Routing snapshot: what follows from routes and hosts, rebuilt as a whole on reload. */
export interface RoutingSnapshot {
  partsFor(kind: ListenerKind, address: Listening, isDraining: () => boolean): HandleRequestParts;
  forwardAuthParts(proxies: readonly string[], isDraining: () => boolean): ForwardAuthParts;
  readonly isTrustedProxy: (address: string) => boolean;
  noteRefusalOf(kind: ListenerKind): NoteRefusal;
  /** `internal` is where the internal listener is; absent when there is none. */
  explain(question: ExplainQuestion, internal: Listening | undefined): Promise<Explanation>;
  /** The snapshot is in use from now on. */
  use(): void;
  /** A newer snapshot is in use: no request begins under this one. Closes once none is in flight. */
  retire(onClosed: () => void): void;
  close(): Promise<void>;
}

/** Of the public listener it does not matter: its hosts are those of the public address. */
const nowhere: Listening = { host: '', port: 0 };

/** What both listeners share: one set of routes, of limits on them, and of upstreams. */
export function createRoutingSnapshot(options: CheckedDoorOptions, persistent: PersistentState): RoutingSnapshot {
  const { cache, mint, streams, revocations, slowClients, metrics } = persistent;
  const inFlight: InFlight = { count: 0, onIdle: undefined };
  const isTrustedProxy = createNetworkCheck(options.trustedProxies);
  const { publicUrl, publicOrigin, isSecure, keyRing, routes, sessions, logger, now, meter } = options;
  const clock = options.clock;
  const keys = createKeysMount(keyRing);
  const audiences = new Set(routes.map((route) => route.audience));
  const readCookies = createCookieReader(sessionCookieFor(publicUrl).name);
  const requestLimits = persistent.requestLimits.plan();
  const limitsOf: LimitsOf = (owner, limits) =>
    limits === undefined ? requestLimits.of('door', options.limits.requests) : requestLimits.of(owner, limits);
  const tables: Record<ListenerKind, RouteTable> = {
    public: createRouteTable(routes, [...options.mounts, keys], limitsOf),
    // Mounts are for browsers: identity is never reached through the internal listener.
    internal: createRouteTable(routes, [keys, createRevocationsMount(revocations)]),
  };
  const protocol = isSecure ? 'https' : 'http';
  const challengePaths = { signInPath: options.signInPath, stepUpPath: options.stepUpPath };
  const { limits } = options;
  const upstreams = persistent.upstreams.plan(routes);
  const forwarderParts = {
    upstreams,
    streams,
    measuresOf: createUpstreamMeasures(meter),
    protocol,
    readCookies,
    publicOrigin,
    bodyBytes: limits.bodyBytes,
    tunnels: persistent.tunnels,
  } as const;
  const forwarders: Record<ListenerKind, Forwarder> = {
    public: createForwarder(tables.public.routes, {
      ...forwarderParts,
      strictTransport: options.strictTransport,
    }),
    internal: createForwarder(tables.internal.routes, { ...forwarderParts, strictTransport: undefined }),
  };
  const credentialParts: CredentialParts = {
    cache,
    readCookies,
    recordActivity: createActivityRecorder(sessions, logger),
    keyRing,
    publicOrigin,
    now,
    audiences: [...audiences],
  };
  const authenticators = {
    public: createAuthenticators('public', credentialParts),
    internal: createAuthenticators('internal', credentialParts),
  };
  const common = {
    ...challengePaths,
    limits: {
      headers: options.limits.headers,
      cookies: options.limits.cookies,
      pathParameters: routes.some((route) => route.pathParameters),
    },
    csrfTokens: options.csrfTokens,
    mint,
    publicOrigins: new Set([publicOrigin, ...options.hosts.map((host) => `${protocol}://${host}`)]),
  };

  const decisionFor = (kind: ListenerKind, address: Listening): DecisionParts => ({
    ...common,
    ...readingOf(kind, address, options),
    readClientAddress: createClientAddressReader(kind === 'public' ? options.trustedProxies : []),
    readForwardedScheme:
      kind === 'public' && isSecure ? createForwardedSchemeReader(options.trustedProxies) : undefined,
    table: tables[kind],
    authenticators: authenticators[kind],
  });
  const noteRefusal: Record<ListenerKind, NoteRefusal> = {
    public: createNoteRefusal('public', { logger, accessLog: options.accessLog, metrics: metrics.public }),
    internal: createNoteRefusal('internal', { logger, accessLog: options.accessLog, metrics: metrics.internal }),
  };
  // Nobody is there: nothing is counted against a limit, and the session is not kept alive.
  const explainedTable = createRouteTable(routes, [...options.mounts, keys], (owner, ofOwner) =>
    toWatchedLimits(limitsOf(owner, ofOwner)),
  );
  const explainedAuthenticators = createAuthenticators('public', { ...credentialParts, recordActivity: () => {} });
  const explainPartsFor = (kind: ListenerKind, address: Listening): ExplainParts => ({
    listener: kind,
    decision: {
      ...decisionFor(kind, address),
      ...(kind === 'public' ? { table: explainedTable, authenticators: explainedAuthenticators } : {}),
    },
    cache,
    clock,
    defaultHost: kind === 'public' ? new URL(publicUrl).host : hostAndPort(address),
    audiences,
  });

  const partsFor: RoutingSnapshot['partsFor'] = (kind, address, isDraining) => ({
    listener: kind,
    decision: decisionFor(kind, address),
    forwarder: forwarders[kind],
    slowClients,
    clock,
    logger,
    accessLog: options.accessLog,
    traces: options.traces,
    metrics: metrics[kind],
    tracer: options.tracer,
    inFlight,
    onRefusal: options.onRefusal,
    isReady: () => !isDraining() && options.isReady(),
    readinessWarnings: options.readinessWarnings,
    isDraining,
    publicOrigin,
    // The internal listener has no TLS, and no browser.
    strictTransport: kind === 'public' ? options.strictTransport : undefined,
    signInPath: options.signInPath,
  });

  return {
    partsFor,
    isTrustedProxy,
    noteRefusalOf: (kind) => noteRefusal[kind],
    explain: async (question, internal = { host: 'localhost', port: 0 }) => {
      const { listener = 'public' } = question;
      return explainDecision(question, explainPartsFor(listener, listener === 'internal' ? internal : nowhere));
    },
    forwardAuthParts: (proxies, isDraining) => {
      const parts = partsFor('public', nowhere, isDraining);
      // A client may have come to that proxy through others that are declared.
      const hops = [...proxies, ...options.trustedProxies];
      return {
        ...parts,
        proxies,
        protocol,
        strictTransport: undefined,
        forwarder: createAllowance({ readCookies }),
        decision: {
          ...parts.decision,
          readClientAddress: createClientAddressReader(hops),
          readForwardedScheme: isSecure ? createForwardedSchemeReader(hops) : undefined,
          table: createRouteTable(routes, [...options.mounts, keys].map(toUnreachable), limitsOf),
        },
      };
    },
    use: () => {
      requestLimits.use();
      upstreams.use();
    },
    retire: (onClosed) => {
      upstreams.retire();
      inFlight.onIdle = () => {
        inFlight.onIdle = undefined;
        void upstreams.release().finally(onClosed);
      };
      if (inFlight.count === 0) inFlight.onIdle();
    },
    close: () => upstreams.release(),
  };
}

/** How hosts and paths are read at a listener. */
function readingOf(
  kind: ListenerKind,
  address: Listening,
  options: CheckedDoorOptions,
): Pick<DecisionParts, 'hosts' | 'readNextPage'> {
  const hosts = hostsOf(kind, address, options);
  return { hosts, readNextPage: createNextPageReader({ locales: options.locales, hosts, readPath }) };
}

/** A mount is in front of this listener, not behind the proxy that asks. */
function toUnreachable(mount: Mount): Mount {
  return {
    ...mount,
    handle: () => {
      throw servedByTheDoor();
    },
  };
}

function hostsOf(kind: ListenerKind, { host, port }: Listening, options: CheckedDoorOptions): DecisionParts['hosts'] {
  const { host: publicHost, protocol } = new URL(options.publicUrl);
  if (kind === 'public') {
    return createKnownHosts([publicHost, ...options.hosts], protocol === 'https:' ? 'https:' : 'http:');
  }
  const own = bracketed(host);
  const names = [own, 'localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`);
  // Upstreams see the public host, whichever listener a request came through.
  return createKnownHosts([...names, ...options.internalHosts], 'http:', publicHost);
}

function hostAndPort({ host, port }: Listening): string {
  return `${bracketed(host)}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
