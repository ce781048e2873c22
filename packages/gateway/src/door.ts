import { sessionCookieFor, silentMeter, type Meter } from '@sallyport/core';
import { createActivityRecorder } from './authenticate/activity.ts';
import { createClientAddressReader, createNetworkCheck } from './firewall/client-address.ts';
import type { DecisionParts } from './decide.ts';
import { createAllowance, servedByTheDoor } from './forward-auth/allowance.ts';
import { createForwardAuthHandler, type ForwardAuthParts } from './forward-auth/forward-auth-handler.ts';
import { checkDoorOptions, type CheckedDoorOptions, type DoorOptions } from './door-options.ts';
import { explainDecision, type ExplainParts } from './explain/explain-decision.ts';
import type { Explanation, ExplainQuestion } from './explain/explanation.ts';
import { createForwardedSchemeReader } from './firewall/forwarded-scheme.ts';
import { createNextPageReader } from './firewall/next-page.ts';
import { readPath } from './firewall/canonical-request.ts';
import { createForwarder, type Forwarder } from './forward/forward.ts';
import { createRequestHandler, type HandleRequestParts, type UnderWay } from './handle-request.ts';
import { createUpstreamMeasures } from './forward/upstream-measures.ts';
import { createUpstreams } from './forward/upstreams.ts';
import { createInternalTokenAuthenticator } from './authenticate/internal-token-authenticator.ts';
import { createKnownHosts } from './firewall/known-hosts.ts';
import { openListener, type HandleRequest, type Listener, type ListenerOptions } from './listener.ts';
import { createDoorMetrics, type DoorMetrics } from './record/door-metrics.ts';
import { createNoteRefusal, type NoteRefusal } from './record/note-refusal.ts';
import { createReplacingMeter } from './record/replacing-meter.ts';
import { createKeysMount } from './answer/local-endpoints.ts';
import { createRequestLimits } from './limits/request-limits.ts';
import { createSlowClients, type SlowClients } from './limits/slow-clients.ts';
import type { Mount } from './mount.ts';
import type { ListenerKind } from './passage.ts';
import { createRevocationFeed, type RevocationFeed } from './revocations/revocation-feed.ts';
import { createRevocationsMount } from './revocations/revocations-mount.ts';
import { measureRevocations } from './revocations/measure-revocations.ts';
import { createRouteTable, type LimitsOf, type RouteTable } from './route-table.ts';
import { bearerRefuser, createSessionAuthenticator } from './authenticate/session-authenticator.ts';
import { createSessionCache, type SessionCache } from './authenticate/session-cache.ts';
import { createCookieReader } from './authenticate/session-cookie-reader.ts';
import { createStreamRegister, type StreamRegister } from './streams/stream-register.ts';
import { createHttpsRedirect } from './tls/https-redirect.ts';
import type { CertificatePair } from './tls/secure-context.ts';
import { createTokenMint, type TokenMint } from './token-mint.ts';

/** Where a listener can be reached. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** What may change while a door runs. */
export type DoorChange = Pick<
  DoorOptions,
  'routes' | 'hosts' | 'internalHosts' | 'hsts' | 'trustedProxies' | 'accessLog'
>;

/** The door: one listener for browsers, one for zones and services. */
export interface Door {
  /** Opens the public listener, with TLS when a certificate is given. Rejects with a sentence that names a busy port. */
  listen(address: { readonly host: string; readonly port: number; readonly tls?: CertificatePair }): Promise<Listening>;
  /**
   * Uses another certificate for handshakes from now on; open connections stay.
   *
   * @throws Error when the pair cannot be used; the one before stays. TypeError when nothing listens with TLS.
   */
  replaceCertificate(pair: CertificatePair): void;
  /**
   * Opens a listener without TLS that sends browsers to the same path on https, for the hosts that are served, and
   * refuses everything else with `SP_HTTPS_REQUIRED`. It reads no cookie and sets none.
   */
  listenRedirect(address: { readonly host: string; readonly port: number }): Promise<Listening>;
  /**
   * Opens the internal listener: keys, health, and calls of zones and services for their users. It believes the tokens
   * that the door made, so it belongs on loopback or on a network that only services reach.
   */
  listenInternal(address: { readonly host: string; readonly port: number }): Promise<Listening>;
  /**
   * Says what the public listener would do with a request, and why: the same stages, without sending anything on. It
   * keeps no session alive and shows no secret.
   */
  explain(question: ExplainQuestion): Promise<Explanation>;
  /**
   * Uses other routes and addresses for every request that arrives from now on. Requests and streams that are under way
   * end as they began; sessions, tokens and their caches stay.
   *
   * @throws TypeError with every problem in one message; then nothing has changed.
   */
  reconfigure(change: DoorChange): void;
  /**
   * Answers `/readyz` with 503 and asks every client to leave with its next answer, while all go on being served: what
   * stands in front has time to send new ones elsewhere. `close` comes after.
   */
  retire(): void;
  /**
   * Opens the listener on which declared proxies (`forwardAuth.proxies`) ask, by `GET /forward-auth`, whether to let a
   * request through. It has no TLS and tells whoever asks the token of a caller, so only proxies may reach it.
   *
   * @throws TypeError when no proxies are declared.
   */
  listenForwardAuth(address: { readonly host: string; readonly port: number }): Promise<Listening>;
  /** Stops accepting, lets running requests end within the grace period (10 s by default), then closes everything. */
  close(options?: { readonly graceMilliseconds?: number }): Promise<void>;
}

const defaultGraceMilliseconds = 10_000;

/**
 * Builds the door. Nothing listens until `listen` is called; nothing is read from the environment.
 *
 * @throws TypeError with every problem of the options or routes in one message.
 */
export function createDoor(options: DoorOptions): Door {
  let checked = checkDoorOptions(options);
  const lasting = createLastingParts(checked);
  let shared = createSharedParts(checked, lasting);
  const retired = new Set<SharedParts>();
  const listeners: Listener[] = [];
  const rebuilds: (() => void)[] = [];
  const certified: Listener[] = [];
  let isDraining = false;
  checked.meter.gauge({ name: 'sallyport_door_connections', help: 'Connections that are open' }, () =>
    listeners.reduce((sum, listener) => sum + listener.connectionCount(), 0),
  );

  // Connections outlive a change, and which proxies are trusted may have changed by the next one.
  const listenerOptionsFor = (kind: ListenerKind): ListenerOptions => ({
    limits: checked.limits,
    slowClients: lasting.slowClients,
    caps: {
      total: checked.limits.connections,
      // Behind the internal listener are services, few and known.
      perAddress: kind === 'public' ? checked.limits.connectionsPerAddress : checked.limits.connections,
      isExempt: (address) => shared.isTrustedProxy(address),
    },
    note: (refusal) => shared.noteRefusalOf(kind)(refusal),
  });

  const open = async (kind: ListenerKind, address: Parameters<Door['listen']>[0]): Promise<Listening> => {
    // The port is known only after listening, and the internal hosts hold it: nothing arrives in between, because
    // connections are accepted in a later turn of the event loop.
    let handle = createRequestHandler(shared.partsFor(kind, address, () => isDraining));
    const listener = await openListener(
      address,
      checked.publicOrigin,
      (request, response, proceed, isHandedOver) => handle(request, response, proceed, isHandedOver),
      listenerOptionsFor(kind),
    );
    const rebuild = (): void => {
      handle = createRequestHandler(shared.partsFor(kind, listener, () => isDraining));
    };
    rebuild();
    rebuilds.push(rebuild);
    listeners.push(listener);
    if (address.tls !== undefined) certified.push(listener);
    return { host: listener.host, port: listener.port };
  };

  return {
    listen: (address) => open('public', address),
    listenInternal: (address) => open('internal', address),
    replaceCertificate: (pair) => {
      if (certified.length === 0) throw new TypeError('nothing listens with TLS');
      for (const listener of certified) listener.replaceCertificate(pair);
    },
    listenRedirect: async (address) => {
      const note: NoteRefusal = (refusal) => shared.noteRefusalOf('public')(refusal);
      let redirect = createHttpsRedirect(checked, note);
      const listener = await openListener(
        address,
        checked.publicOrigin,
        (request, response, proceed, isHandedOver) => redirect(request, response, proceed, isHandedOver),
        listenerOptionsFor('public'),
      );
      rebuilds.push(() => {
        redirect = createHttpsRedirect(checked, note);
      });
      listeners.push(listener);
      return { host: listener.host, port: listener.port };
    },
    listenForwardAuth: async (address) => {
      if (options.forwardAuth === undefined) throw new TypeError('no proxies are declared that may ask');
      const { proxies } = options.forwardAuth;
      const build = (): HandleRequest => createForwardAuthHandler(shared.forwardAuthParts(proxies, () => isDraining));
      let handle = build();
      const listener = await openListener(
        address,
        checked.publicOrigin,
        (request, response, proceed, isHandedOver) => handle(request, response, proceed, isHandedOver),
        { ...listenerOptionsFor('internal'), takesHandshakes: false },
      );
      rebuilds.push(() => {
        handle = build();
      });
      listeners.push(listener);
      return { host: listener.host, port: listener.port };
    },
    explain: (question) => shared.explain(question),
    reconfigure: (change) => {
      const nextOptions = checkDoorOptions({ ...options, ...change });
      const next = createSharedParts(nextOptions, lasting);
      const before = shared;
      checked = nextOptions;
      shared = next;
      for (const rebuild of rebuilds) rebuild();
      retired.add(before);
      before.closeWhenIdle(() => retired.delete(before));
    },
    retire: () => {
      isDraining = true;
    },
    close: async ({ graceMilliseconds = defaultGraceMilliseconds } = {}) => {
      isDraining = true;
      lasting.drain();
      await Promise.all(listeners.map((listener) => listener.drain(graceMilliseconds)));
      await Promise.all([...retired, shared].map((parts) => parts.close()));
      lasting.close();
    },
  };
}

interface SharedParts {
  partsFor(kind: ListenerKind, address: Listening, isDraining: () => boolean): HandleRequestParts;
  forwardAuthParts(proxies: readonly string[], isDraining: () => boolean): ForwardAuthParts;
  readonly isTrustedProxy: (address: string) => boolean;
  noteRefusalOf(kind: ListenerKind): NoteRefusal;
  explain(question: ExplainQuestion): Promise<Explanation>;
  /** Closes once nothing runs under these parts any more; nothing new must begin. */
  closeWhenIdle(onClosed: () => void): void;
  close(): Promise<void>;
}

/** What outlives a change of the configuration: everything that remembers. */
interface LastingParts {
  readonly cache: SessionCache;
  readonly mint: TokenMint;
  readonly streams: StreamRegister;
  readonly revocations: RevocationFeed;
  readonly slowClients: SlowClients;
  /** For parts that do not outlive a change. */
  readonly replacingMeter: Meter;
  readonly metrics: Readonly<Record<ListenerKind, DoorMetrics | undefined>>;
  /** Ends the streams that have no end of their own to wait for. */
  drain(): void;
  close(): void;
}

function createLastingParts(options: CheckedDoorOptions): LastingParts {
  const { publicOrigin, keyRing, sessions, clock, meter, limits, bus } = options;
  const isCounted = meter !== silentMeter;
  const cache = createSessionCache({ sessions, bus, clock, meter, ...options.sessionCache });
  const revocations = createRevocationFeed({
    bus,
    clock,
    maximumSubscribers: options.revocationSubscribers,
    meter,
  });
  const slowClients = createSlowClients({
    graceSeconds: limits.slowSeconds,
    bytesPerSecond: limits.slowBytesPerSecond,
  });
  const mint = createTokenMint({
    keyRing,
    publicOrigin,
    clock,
    lifetimeSeconds: options.tokenLifetimeSeconds,
    maxEntries: options.sessionCache.maxEntries,
    meter,
  });
  const unsubscribe = bus.subscribe((message) => {
    // Among what was missed may be that a key was withdrawn. What a rotated key signed holds until it expires.
    if (message.kind === 'gap' || (message.event.kind === 'key' && message.event.minGeneration > 0)) mint.forgetAll();
  });
  const stopMeasuring = measureRevocations(options);
  const streams = createStreamRegister({
    signInPath: options.signInPath,
    stepUpPath: options.stepUpPath,
    ...options.streams,
    streamsPerSession: limits.streamsPerSession,
    streamsPerUser: limits.streamsPerUser,
    cache,
    bus,
    clock,
    meter,
  });
  return {
    cache,
    mint,
    streams,
    revocations,
    slowClients,
    replacingMeter: createReplacingMeter(meter),
    metrics: {
      public: isCounted ? createDoorMetrics(meter, 'public') : undefined,
      internal: isCounted ? createDoorMetrics(meter, 'internal') : undefined,
    },
    drain: () => {
      revocations.close();
      streams.drain();
    },
    close: () => {
      streams.close();
      cache.close();
      unsubscribe();
      slowClients.close();
      stopMeasuring();
    },
  };
}

/** What both listeners share: one set of routes, of limits on them, and of upstreams. */
function createSharedParts(options: CheckedDoorOptions, lasting: LastingParts): SharedParts {
  const { cache, mint, streams, revocations, slowClients, metrics, replacingMeter: meter } = lasting;
  const underWay: UnderWay = { count: 0, onIdle: undefined };
  const isTrustedProxy = createNetworkCheck(options.trustedProxies);
  const { publicUrl, publicOrigin, isSecure, keyRing, routes, sessions, logger, now } = options;
  const clock = options.clock;
  const keys = createKeysMount(keyRing);
  const readCookies = createCookieReader(sessionCookieFor(publicUrl).name);
  const requestLimits = createRequestLimits({
    shared: options.sharedCounts === undefined ? undefined : { ...options.sharedCounts, logger },
    maxSubjects: options.limits.requestSubjects,
    meter,
  });
  const limitsOf: LimitsOf = (owner, limits) =>
    limits === undefined ? requestLimits.of('door', options.limits.requests) : requestLimits.of(owner, limits);
  const tables: Record<ListenerKind, RouteTable> = {
    public: createRouteTable(routes, [...options.mounts, keys], limitsOf),
    // Mounts are for browsers: identity is never reached through the internal listener.
    internal: createRouteTable(routes, [keys, createRevocationsMount(revocations)]),
  };
  const protocol = isSecure ? 'https' : 'http';
  const turningAway = { signInPath: options.signInPath, stepUpPath: options.stepUpPath };
  const { limits } = options;
  const upstreams = createUpstreams(routes, {
    meter,
    breaker: { failures: options.upstreams.failures, pauseMilliseconds: options.upstreams.pauseSeconds * 1000 },
  });
  const forwarderParts = {
    upstreams,
    streams,
    measuresOf: createUpstreamMeasures(meter),
    protocol,
    readCookies,
    publicOrigin,
    bodyBytes: limits.bodyBytes,
    tunnels: limits.tunnels,
  } as const;
  const forwarders: Record<ListenerKind, Forwarder> = {
    public: createForwarder(tables.public.places, {
      ...forwarderParts,
      strictTransport: options.strictTransport,
    }),
    internal: createForwarder(tables.internal.places, { ...forwarderParts, strictTransport: undefined }),
  };
  const authenticators: Record<ListenerKind, DecisionParts['authenticators']> = {
    public: [
      createSessionAuthenticator({ cache, readCookies, recordActivity: createActivityRecorder(sessions, logger) }),
      bearerRefuser,
    ],
    internal: [
      createInternalTokenAuthenticator({
        cache,
        keyRing,
        publicOrigin,
        now,
        audiences: [...new Set(routes.map((route) => route.audience))],
      }),
    ],
  };
  const common = {
    ...turningAway,
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
  const explainParts: ExplainParts = {
    listener: 'public',
    decision: {
      ...decisionFor('public', { host: '', port: 0 }),
      // Nobody is there: nothing is counted against a limit, and the session is not kept alive.
      table: createRouteTable(routes, [...options.mounts, keys]),
      authenticators: [createSessionAuthenticator({ cache, readCookies, recordActivity: () => {} }), bearerRefuser],
    },
    cache,
    clock,
    defaultHost: new URL(publicUrl).host,
  };
  const close = async (): Promise<void> => {
    requestLimits.close();
    await upstreams.destroy();
  };

  const partsFor: SharedParts['partsFor'] = (kind, address, isDraining) => ({
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
    underWay,
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
    explain: (question) => explainDecision(question, explainParts),
    forwardAuthParts: (proxies, isDraining) => {
      const parts = partsFor('public', { host: '', port: 0 }, isDraining);
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
    closeWhenIdle: (onClosed) => {
      underWay.onIdle = () => {
        underWay.onIdle = undefined;
        void close().finally(onClosed);
      };
      if (underWay.count === 0) underWay.onIdle();
    },
    close,
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
  const own = host.includes(':') ? `[${host}]` : host;
  const names = [own, 'localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`);
  // Upstreams see the public host, whichever listener a request came through.
  return createKnownHosts([...names, ...options.internalHosts], 'http:', publicHost);
}
