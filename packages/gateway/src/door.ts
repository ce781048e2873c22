import { sessionCookieFor } from '@sallyport/core';
import { createActivityRecorder } from './authenticate/activity.ts';
import { createClientAddressReader, createNetworkCheck } from './firewall/client-address.ts';
import type { DecisionParts } from './decide.ts';
import { createAllowance, servedByTheDoor } from './forward-auth/allowance.ts';
import { createForwardAuthHandler, type ForwardAuthParts } from './forward-auth/forward-auth-handler.ts';
import { checkDoorOptions, type CheckedDoorOptions, type DoorOptions } from './door-options.ts';
import { createForwardedSchemeReader } from './firewall/forwarded-scheme.ts';
import { createNextPageReader } from './firewall/next-page.ts';
import { readPath } from './firewall/canonical-request.ts';
import { createForwarder, type Forwarder } from './forward/forward.ts';
import { createUpstreamMeasures } from './forward/upstream-measures.ts';
import { createUpstreams } from './forward/upstreams.ts';
import { createRequestHandler, type HandleRequestParts } from './handle-request.ts';
import { createInternalTokenAuthenticator } from './authenticate/internal-token-authenticator.ts';
import { createKnownHosts } from './firewall/known-hosts.ts';
import { openListener, type Listener, type ListenerOptions } from './listener.ts';
import { createKeysMount } from './answer/local-endpoints.ts';
import { createRequestLimits } from './limits/request-limits.ts';
import { createSlowClients } from './limits/slow-clients.ts';
import type { Mount } from './mount.ts';
import type { ListenerKind } from './passage.ts';
import { createRevocationFeed } from './revocations/revocation-feed.ts';
import { createRevocationsMount } from './revocations/revocations-mount.ts';
import { measureRevocations } from './revocations/measure-revocations.ts';
import { createRouteTable, type LimitsOf, type RouteTable } from './route-table.ts';
import { bearerRefuser, createSessionAuthenticator } from './authenticate/session-authenticator.ts';
import { createSessionCache } from './authenticate/session-cache.ts';
import { createCookieReader } from './authenticate/session-cookie-reader.ts';
import { createStreamRegister } from './streams/stream-register.ts';
import { createHttpsRedirect } from './tls/https-redirect.ts';
import type { CertificatePair } from './tls/secure-context.ts';
import { createTokenMint } from './token-mint.ts';

/** Where a listener can be reached. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}

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
  const checked = checkDoorOptions(options);
  const shared = createSharedParts(checked);
  const listeners: Listener[] = [];
  const certified: Listener[] = [];
  let isDraining = false;

  const open = async (kind: ListenerKind, address: Parameters<Door['listen']>[0]): Promise<Listening> => {
    // The port is known only after listening, and the internal hosts hold it: nothing arrives in between, because
    // connections are accepted in a later turn of the event loop.
    let handle = createRequestHandler(shared.partsFor(kind, address, () => isDraining));
    const listener = await openListener(
      address,
      checked.publicOrigin,
      (request, response, proceed, isHandedOver) => handle(request, response, proceed, isHandedOver),
      shared.listenerOptions(kind),
    );
    handle = createRequestHandler(shared.partsFor(kind, listener, () => isDraining));
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
      const redirect = createHttpsRedirect(checked);
      const listenerOptions = shared.listenerOptions('public');
      const listener = await openListener(address, checked.publicOrigin, redirect, listenerOptions);
      listeners.push(listener);
      return { host: listener.host, port: listener.port };
    },
    listenForwardAuth: async (address) => {
      if (options.forwardAuth === undefined) throw new TypeError('no proxies are declared that may ask');
      const handle = createForwardAuthHandler(shared.forwardAuthParts(options.forwardAuth.proxies, () => isDraining));
      const listener = await openListener(address, checked.publicOrigin, handle, {
        ...shared.listenerOptions('internal'),
        takesHandshakes: false,
      });
      listeners.push(listener);
      return { host: listener.host, port: listener.port };
    },
    close: async ({ graceMilliseconds = defaultGraceMilliseconds } = {}) => {
      isDraining = true;
      shared.drain();
      await Promise.all(listeners.map((listener) => listener.drain(graceMilliseconds)));
      await shared.close();
    },
  };
}

interface SharedParts {
  partsFor(kind: ListenerKind, address: Listening, isDraining: () => boolean): HandleRequestParts;
  listenerOptions(kind: ListenerKind): ListenerOptions;
  forwardAuthParts(proxies: readonly string[], isDraining: () => boolean): ForwardAuthParts;
  /** Ends the streams that have no end of their own to wait for. */
  drain(): void;
  close(): Promise<void>;
}

/** What both listeners share: one session cache, one mint, one set of upstreams and of streams. */
function createSharedParts(options: CheckedDoorOptions): SharedParts {
  const { publicUrl, publicOrigin, isSecure, keyRing, routes, sessions, logger, now } = options;
  const clock = options.clock;
  const keys = createKeysMount(keyRing);
  const readCookies = createCookieReader(sessionCookieFor(publicUrl).name);
  const cache = createSessionCache({
    sessions,
    bus: options.bus,
    clock,
    meter: options.meter,
    ...options.sessionCache,
  });
  const revocations = createRevocationFeed({
    bus: options.bus,
    clock,
    maximumSubscribers: options.revocationSubscribers,
    meter: options.meter,
  });
  const slowClients = createSlowClients({
    graceSeconds: options.limits.slowSeconds,
    bytesPerSecond: options.limits.slowBytesPerSecond,
  });
  const requestLimits = createRequestLimits({
    shared: options.sharedCounts === undefined ? undefined : { ...options.sharedCounts, logger },
    maxSubjects: options.limits.requestSubjects,
    meter: options.meter,
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
  const { limits, meter } = options;
  const upstreams = createUpstreams(routes, {
    meter,
    breaker: { failures: options.upstreams.failures, pauseMilliseconds: options.upstreams.pauseSeconds * 1000 },
  });
  const streams = createStreamRegister({
    ...turningAway,
    ...options.streams,
    streamsPerSession: limits.streamsPerSession,
    streamsPerUser: limits.streamsPerUser,
    cache,
    bus: options.bus,
    clock,
    meter,
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
  const mint = createTokenMint({
    keyRing,
    publicOrigin,
    clock,
    lifetimeSeconds: options.tokenLifetimeSeconds,
    maxEntries: options.sessionCache.maxEntries,
    meter: options.meter,
  });
  const unsubscribe = options.bus.subscribe((message) => {
    // Among what was missed may be that a key was withdrawn. What a rotated key signed holds until it expires.
    if (message.kind === 'gap' || (message.event.kind === 'key' && message.event.minGeneration > 0)) mint.forgetAll();
  });
  const stopMeasuring = measureRevocations(options);
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

  const partsFor: SharedParts['partsFor'] = (kind, address, isDraining) => ({
    listener: kind,
    decision: {
      ...common,
      ...readingOf(kind, address, options),
      readClientAddress: createClientAddressReader(kind === 'public' ? options.trustedProxies : []),
      readForwardedScheme:
        kind === 'public' && isSecure ? createForwardedSchemeReader(options.trustedProxies) : undefined,
      table: tables[kind],
      authenticators: authenticators[kind],
    },
    forwarder: forwarders[kind],
    slowClients,
    clock,
    logger,
    accessLog: options.accessLog,
    traces: options.traces,
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
    listenerOptions: (kind) => ({
      limits: options.limits,
      slowClients,
      caps: {
        total: options.limits.connections,
        // Behind the internal listener are services, few and known.
        perAddress: kind === 'public' ? options.limits.connectionsPerAddress : options.limits.connections,
        isExempt: createNetworkCheck(options.trustedProxies),
      },
    }),
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
    drain: () => {
      revocations.close();
      streams.drain();
    },
    close: async () => {
      streams.close();
      cache.close();
      unsubscribe();
      requestLimits.close();
      slowClients.close();
      stopMeasuring();
      await upstreams.destroy();
    },
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
