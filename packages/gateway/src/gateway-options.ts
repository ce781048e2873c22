import {
  OptionsError,
  isHostPattern,
  isLoopbackHost,
  sessionCookieFor,
  silentLogger,
  silentMeter,
  type CsrfTokens,
  type InvalidationBus,
  type KeyRing,
  type Logger,
  type Meter,
  type RequestLimit,
  type Route,
  type SessionDirectory,
  type Tracer,
} from '@sallyport/core';
import { problemOfProxyNetwork } from './firewall/proxy-network.ts';
import type { CounterSyncParts } from './limits/counter-sync.ts';
import type { Mount } from './routing/mount.ts';
import type { RequestRecord } from './record/record.ts';
import type { GatewayTraces } from './record/traces.ts';

/** Upper bounds of what the gateway takes in. */
export interface GatewayLimits {
  /** @default 100 */
  readonly headers?: number;
  /** @default 100 */
  readonly cookies?: number;
  /** Bytes of the request line and all headers. @default 16384 */
  readonly headerBytes?: number;
  /** For all headers of a request, and for a TLS handshake. @default 15 */
  readonly headersSeconds?: number;
  /** How long a connection is kept on which nothing is asked. @default 65 */
  readonly idleSeconds?: number;
  /** How long a body, or the reading of an answer, may take before its speed counts. @default 20 */
  readonly slowSeconds?: number;
  /** Bodies that come slower, and clients that read slower, are cut; streams and tunnels are not. @default 500 */
  readonly slowBytesPerSecond?: number;
  /** Connections to one listener at the same time. @default 10000 */
  readonly connections?: number;
  /** Of these, from one address or one /64 of IPv6; declared proxies have no such limit. @default 1000 */
  readonly connectionsPerAddress?: number;
  /** Bytes of a request body, where the route names no limit of its own. @default 10000000 */
  readonly bodyBytes?: number;
  /** WebSocket connections at the same time. @default 1024 */
  readonly tunnels?: number;
  /** How many requests may come, counted together over all routes and mounts that say nothing of their own. @default [] */
  readonly requests?: readonly RequestLimit[];
  /** Whose requests are counted at once, for each limit; more, and those unused for longest begin anew. @default 50000 */
  readonly requestSubjects?: number;
  /** WebSockets and streaming answers of one session at the same time. @default 32 */
  readonly streamsPerSession?: number;
  /** The same, for all sessions of one user. @default 128 */
  readonly streamsPerUser?: number;
}

/** How streams are watched. */
export interface StreamOptions {
  /** Seconds after which the session behind a stream is read again although nothing was heard of it. @default 30 */
  readonly recheckSeconds?: number;
  /** Seconds that a stream goes on while its session cannot be read. @default 30 */
  readonly graceSeconds?: number;
  /** Seconds of silence after which something is sent to the client; 0 sends nothing. @default 15 */
  readonly heartbeatSeconds?: number;
}

/** The circuit breaker of each target behind a route. */
export interface UpstreamOptions {
  /** Failures in a row that open it. @default 10 */
  readonly failures?: number;
  /** Seconds until it is half-open: one request is sent as a probe. @default 1 */
  readonly pauseSeconds?: number;
}

export interface SessionCacheOptions {
  /** @default 10000 */
  readonly maxEntries?: number;
  /**
   * The age at which a session is read again although nothing was heard of it. The bus is what ends sessions at once;
   * this bounds the damage of a bus that lost a message without noticing. 0 reads on every request.
   * @default 60
   */
  readonly maxAgeSeconds?: number;
}

export interface ForwardAuthOptions {
  /** Addresses or networks of the proxies that may ask, and whose word on the original request is believed. */
  readonly proxies: readonly string[];
}

/** What browsers remember about https (RFC 6797). Nothing is sent for loopback hosts, nor where plain http is served. */
export interface StrictTransportOptions {
  /** At least a year; 0 makes browsers forget. @default 31536000 */
  readonly maxAgeSeconds?: number;
  /** Whether every host below is held to https too. @default false */
  readonly includeSubDomains?: boolean;
}

export interface GatewayOptions {
  /** Origin that browsers see. Its scheme decides on the cookie name, its host on HSTS. */
  readonly publicUrl: string;
  /** More hosts that are served, with their port; `*.example.com` for all below. */
  readonly hosts?: readonly string[];
  /** More hosts under which the internal listener is reached; its own address and loopback always count. */
  readonly internalHosts?: readonly string[];
  readonly routes: readonly Route[];
  /** Locales that Next.js serves in front of paths, in any case: rules for `/admin` hold for `/de/admin`. @default [] */
  readonly locales?: readonly string[];
  readonly mounts?: readonly Mount[];
  readonly sessions: SessionDirectory;
  readonly keyRing: KeyRing;
  readonly bus: InvalidationBus;
  /** Tokens of sessions for clients that send neither Fetch Metadata nor an Origin. @default such clients are refused */
  readonly csrfTokens?: CsrfTokens;
  readonly logger?: Logger;
  /** Where the gateway says what it did for one request; absent costs nothing. */
  readonly tracer?: Tracer;
  /** How many services may listen to revocations on the internal listener; 0 lets none. @default 256 */
  readonly revocationSubscribers?: number;
  readonly now?: () => Date;
  /** 30 to 300. @default 60 */
  readonly tokenLifetimeSeconds?: number;
  readonly limits?: GatewayLimits;
  /** One line per request. @default true */
  readonly accessLog?: boolean;
  /**
   * Addresses or networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Never
   * everybody. @default []
   */
  readonly trustedProxies?: readonly string[];
  /** The proxies that may send auth subrequests. @default none */
  readonly forwardAuth?: ForwardAuthOptions;
  /** Where gateways tell each other how many requests they counted; absent means that this one counts alone. */
  readonly sharedCounts?: Omit<CounterSyncParts, 'logger'>;
  readonly sessionCache?: SessionCacheOptions;
  readonly streams?: StreamOptions;
  readonly upstreams?: UpstreamOptions;
  /** @default silent */
  readonly meter?: Meter;
  /** Where to keep the last requests of each session; absent costs nothing. */
  readonly traces?: GatewayTraces;
  /** Page to which navigations of people who are not signed in are sent. @default '/sign-in' */
  readonly signInPath?: string;
  /** Page to which navigations are sent when a stronger or more recent sign-in is demanded. @default '/step-up' */
  readonly stepUpPath?: string;
  /** Asked by `/readyz`. @default always ready */
  readonly isReady?: () => boolean;
  /** What `/readyz` tells operators although the gateway is ready, as constant words. @default nothing */
  readonly readinessWarnings?: () => readonly string[];
  readonly hsts?: StrictTransportOptions;
  /** Hears of every request that was refused. Must not throw and must not wait. */
  readonly onRefusal?: (record: RequestRecord) => void;
}

/** Options after their defaults were filled in. */
export type CheckedGatewayOptions = Required<
  Omit<
    GatewayOptions,
    | 'traces'
    | 'onRefusal'
    | 'csrfTokens'
    | 'tracer'
    | 'forwardAuth'
    | 'sharedCounts'
    | 'limits'
    | 'sessionCache'
    | 'streams'
    | 'upstreams'
    | 'hsts'
  >
> &
  Pick<GatewayOptions, 'traces' | 'onRefusal' | 'csrfTokens' | 'tracer' | 'forwardAuth' | 'sharedCounts'> & {
    readonly limits: Required<GatewayLimits>;
    readonly sessionCache: Required<SessionCacheOptions>;
    readonly streams: Required<StreamOptions>;
    readonly upstreams: Required<UpstreamOptions>;
    readonly publicOrigin: string;
    readonly isSecure: boolean;
    /** Value of `Strict-Transport-Security`; `undefined` sends none. */
    readonly strictTransport: string | undefined;
    /** Milliseconds since 1970. */
    readonly clock: () => number;
  };

const oneYearSeconds = 31_536_000;

const defaultLimits: Required<GatewayLimits> = {
  headers: 100,
  cookies: 100,
  headerBytes: 16_384,
  headersSeconds: 15,
  idleSeconds: 65,
  slowSeconds: 20,
  slowBytesPerSecond: 500,
  connections: 10_000,
  connectionsPerAddress: 1000,
  bodyBytes: 10_000_000,
  tunnels: 1024,
  streamsPerSession: 32,
  streamsPerUser: 128,
  requests: [],
  requestSubjects: 50_000,
};

/**
 * Checks the options of a gateway.
 *
 * @throws OptionsError with every problem in one message.
 */
export function checkGatewayOptions(options: GatewayOptions): CheckedGatewayOptions {
  const checked = {
    hosts: [],
    internalHosts: [],
    locales: [],
    mounts: [],
    logger: silentLogger,
    revocationSubscribers: 256,
    now: () => new Date(),
    tokenLifetimeSeconds: 60,
    accessLog: true,
    trustedProxies: [],
    signInPath: '/sign-in',
    stepUpPath: '/step-up',
    isReady: () => true,
    readinessWarnings: () => [],
    meter: silentMeter,
    ...options,
    limits: { ...defaultLimits, ...options.limits },
    streams: { recheckSeconds: 30, graceSeconds: 30, heartbeatSeconds: 15, ...options.streams },
    upstreams: { failures: 10, pauseSeconds: 1, ...options.upstreams },
    sessionCache: { maxEntries: 10_000, maxAgeSeconds: 60, ...options.sessionCache },
    hsts: { maxAgeSeconds: oneYearSeconds, includeSubDomains: false, ...options.hsts },
  };
  const problems = [...problemsOf(checked), ...problemsOfUrl(options.publicUrl)];
  if (problems.length > 0) throw new OptionsError(`the gateway cannot be built:\n- ${problems.join('\n- ')}`);
  const url = new URL(options.publicUrl);
  const { now } = options;
  const clock = now === undefined ? Date.now : () => now().getTime();
  return {
    ...checked,
    clock,
    publicOrigin: url.origin,
    isSecure: url.protocol === 'https:',
    strictTransport: strictTransportOf(url, checked.hsts),
  };
}

function problemsOf(
  options: GatewayOptions & {
    readonly tokenLifetimeSeconds: number;
    readonly limits: Required<GatewayLimits>;
    readonly sessionCache: Required<SessionCacheOptions>;
    readonly streams: Required<StreamOptions>;
    readonly upstreams: Required<UpstreamOptions>;
    readonly hsts: Required<StrictTransportOptions>;
    readonly hosts: readonly string[];
    readonly internalHosts: readonly string[];
    readonly trustedProxies: readonly string[];
    readonly signInPath: string;
    readonly locales: readonly string[];
    readonly revocationSubscribers: number;
  },
): readonly string[] {
  const { limits, sessionCache, streams, upstreams, hsts } = options;
  return [
    ...unless(isBetween(options.tokenLifetimeSeconds, 30, 300), 'tokenLifetimeSeconds must be 30 to 300'),
    ...unless(isBetween(options.revocationSubscribers, 0, 10_000), 'revocationSubscribers must be 0 to 10000'),
    ...unless(isBetween(limits.headers, 10, 1000), 'limits.headers must be 10 to 1000'),
    ...unless(isBetween(limits.cookies, 10, 1000), 'limits.cookies must be 10 to 1000'),
    ...unless(isBetween(limits.headerBytes, 4096, 1_048_576), 'limits.headerBytes must be 4096 to 1048576'),
    ...unless(limits.headersSeconds > 0 && limits.headersSeconds <= 300, 'limits.headersSeconds must be up to 300'),
    ...unless(limits.idleSeconds > 0 && limits.idleSeconds <= 3600, 'limits.idleSeconds must be up to 3600'),
    ...unless(limits.slowSeconds > 0 && limits.slowSeconds <= 3600, 'limits.slowSeconds must be up to 3600'),
    ...unless(isBetween(limits.slowBytesPerSecond, 1, 1_000_000), 'limits.slowBytesPerSecond must be 1 to 1000000'),
    ...unless(isBetween(limits.connections, 1, 1_000_000), 'limits.connections must be 1 to 1000000'),
    ...unless(
      isBetween(limits.connectionsPerAddress, 1, 1_000_000),
      'limits.connectionsPerAddress must be 1 to 1000000',
    ),
    ...unless(isBetween(limits.bodyBytes, 1, Number.MAX_SAFE_INTEGER), 'limits.bodyBytes must be a positive integer'),
    ...unless(isBetween(limits.requestSubjects, 1, 10_000_000), 'limits.requestSubjects must be 1 to 10000000'),
    ...unless(isBetween(limits.tunnels, 0, 65_536), 'limits.tunnels must be 0 to 65536'),
    ...unless(isBetween(limits.streamsPerSession, 1, 65_536), 'limits.streamsPerSession must be 1 to 65536'),
    ...unless(isBetween(limits.streamsPerUser, 1, 65_536), 'limits.streamsPerUser must be 1 to 65536'),
    ...unless(isBetween(streams.recheckSeconds, 1, 300), 'streams.recheckSeconds must be 1 to 300'),
    ...unless(isBetween(streams.graceSeconds, 0, 300), 'streams.graceSeconds must be 0 to 300'),
    ...unless(isBetween(streams.heartbeatSeconds, 0, 300), 'streams.heartbeatSeconds must be 0 to 300'),
    ...unless(isBetween(upstreams.failures, 1, 10_000), 'upstreams.failures must be 1 to 10000'),
    ...unless(isBetween(upstreams.pauseSeconds, 1, 300), 'upstreams.pauseSeconds must be 1 to 300'),
    ...unless(isBetween(sessionCache.maxEntries, 1, 10_000_000), 'sessionCache.maxEntries must be 1 to 10000000'),
    ...unless(isBetween(sessionCache.maxAgeSeconds, 0, 300), 'sessionCache.maxAgeSeconds must be 0 to 300'),
    ...unless(
      hsts.maxAgeSeconds === 0 || isBetween(hsts.maxAgeSeconds, oneYearSeconds, 10 * oneYearSeconds),
      'hsts.maxAgeSeconds must be a year (31536000) to ten, or 0',
    ),
    ...unless(/^\/[A-Za-z0-9/_-]*$/.test(options.signInPath), 'signInPath must be a plain path'),
    ...[...options.hosts, ...options.internalHosts]
      .filter((host) => !isHostPattern(host))
      .map((host) => `hosts: "${host}" is not a host, nor "*." and a host`),
    ...options.locales
      .filter((locale) => !/^[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*$/.test(locale))
      .map((locale) => `locales: "${locale}" is not a locale`),
    ...options.trustedProxies.flatMap((text) => problemsOfNetwork('trustedProxies', text)),
    ...(options.forwardAuth?.proxies ?? []).flatMap((text) => problemsOfNetwork('forwardAuth.proxies', text)),
    ...unless(options.forwardAuth?.proxies.length !== 0, 'forwardAuth.proxies must name at least one proxy'),
  ];
}

/** For `localhost` it would turn every other project on that machine, on any port, into one that needs https. */
function strictTransportOf({ protocol, hostname }: URL, hsts: Required<StrictTransportOptions>): string | undefined {
  if (protocol !== 'https:' || isLoopbackHost(hostname)) return undefined;
  return `max-age=${hsts.maxAgeSeconds}${hsts.includeSubDomains ? '; includeSubDomains' : ''}`;
}

function problemsOfUrl(publicUrl: string): readonly string[] {
  if (!URL.canParse(publicUrl)) return ['publicUrl is not a URL'];
  const url = new URL(publicUrl);
  const isOrigin = url.href === `${url.origin}/` && /^https?:$/.test(url.protocol);
  if (!isOrigin) return ['publicUrl must be an http or https origin: scheme, host and port only'];
  try {
    sessionCookieFor(publicUrl);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : 'publicUrl cannot carry a session cookie'];
  }
}

function problemsOfNetwork(key: string, text: string): readonly string[] {
  const problem = problemOfProxyNetwork(text);
  return problem === undefined ? [] : [`${key}: "${text}" ${problem}`];
}

function isBetween(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function unless(isFine: boolean, problem: string): readonly string[] {
  return isFine ? [] : [problem];
}
