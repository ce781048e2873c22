import {
  OptionsError,
  pagesSchema,
  resolvePages,
  hostPatternSchema,
  brandSchema,
  publicOriginSchema,
  resolveBrand,
  silentLogger,
  silentMeter,
  type Authenticator,
  type Brand,
  type CsrfTokens,
  type InvalidationBus,
  type KeyRing,
  type Logger,
  type Meter,
  type PageOverrides,
  type Route,
  type SessionDirectory,
  type Tracer,
  type WebhookDeliveries,
  type WebhookSecrets,
} from '@sallyport/core';
import * as z from 'zod';
import { tokenLifetimeSchema } from './credentials/token-lifetime.ts';
import { localesSchema } from './firewall/locales.ts';
import { proxyNetworkSchema } from './firewall/proxy-network.ts';
import { forwardAuthOptionsSchema, type ForwardAuthOptions } from './forward-auth/forward-auth-options.ts';
import { upstreamOptionsSchema, type UpstreamOptions } from './forward/upstream-options.ts';
import type { UpstreamTls } from './forward/upstream-tls.ts';
import type { IntrospectionOptions } from './introspection/introspection-options.ts';
import type { CounterSyncParts } from './limits/counter-sync.ts';
import { machineOptionsSchema, type MachineOptions } from './machines/machine-options.ts';
import { gatewayLimitsSchema, type GatewayLimits } from './limits/gateway-limits.ts';
import { problemsOfMessageCallers } from './messages/message-tokens-mount.ts';
import type { MessagesOptions } from './messages/messages-options.ts';
import type { HandOutProviderToken } from './provider-tokens/provider-tokens-mount.ts';
import { gatewayCorsSchema } from './routing/gateway-cors.ts';
import type { Mount } from './routing/mount.ts';
import { problemsOfCallers, problemsOfCredentials } from './routing/route-problems.ts';
import { problemsOfUpstreamTls } from './routing/upstream-tls-problems.ts';
import { problemsOfMcp } from './mcp/problems-of-mcp.ts';
import { problemsOfWebhooks } from './routing/webhook-problems.ts';
import type { RequestRecord } from './record/record.ts';
import type { GatewayTraces } from './record/traces.ts';
import { strictTransportSchema, toStrictTransport, type StrictTransportOptions } from './response/strict-transport.ts';
import { revocationSubscribersSchema } from './sessions/revocation-subscribers.ts';
import { sessionCacheOptionsSchema, type SessionCacheOptions } from './sessions/session-cache-options.ts';
import { streamOptionsSchema, type StreamOptions } from './streams/stream-options.ts';
import { problemsOfWebhookKeys } from './webhooks/webhook-keys.ts';

/** What routes that take webhooks need. */
export interface WebhookSources {
  /** The secrets as they are now: asked for every delivery, so that they can be renewed. */
  readonly secrets: () => WebhookSecrets;
  readonly deliveries: WebhookDeliveries;
}

export interface GatewayOptions {
  /** Origin that browsers see. Its scheme decides on the cookie name, its host on HSTS. */
  readonly publicUrl: string;
  /** More hosts that are served, with their port; `*.example.com` for all below. */
  readonly hosts?: readonly string[];
  /** More hosts under which the internal listener is reached; its own address and loopback always count. */
  readonly internalHosts?: readonly string[];
  readonly routes: readonly Route[];
  /** Every permission of the policy: what `note:*` stands for in the metadata of MCP servers. @default none */
  readonly permissions?: readonly string[];
  /** Locales that Next.js serves in front of paths, in any case: rules for `/admin` hold for `/de/admin`. @default [] */
  readonly locales?: readonly string[];
  readonly mounts?: readonly Mount[];
  readonly sessions: SessionDirectory;
  /** Those of features, in the order in which they are asked. @default only sessions are recognized */
  readonly authenticators?: readonly Authenticator[];
  /** Which services ask about access tokens themselves. @default `/oauth2/introspect` and `/oauth2/revoke` are not there */
  readonly introspection?: IntrospectionOptions | undefined;
  /** Which services take messages that are sent for users. @default the internal listener seals none */
  readonly messages?: MessagesOptions | undefined;
  /** What hands tokens of identity providers out to services. @default the internal listener hands none out */
  readonly providerTokens?: HandOutProviderToken | undefined;
  readonly keyRing: KeyRing;
  readonly bus: InvalidationBus;
  /** Other sites whose scripts may use what the gateway itself answers. @default none */
  readonly cors?: z.input<typeof gatewayCorsSchema>;
  /** What deliveries of webhooks are verified with, and where they are remembered. @default no route may take webhooks */
  readonly webhooks?: WebhookSources;
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
  readonly forwardAuth?: ForwardAuthOptions | undefined;
  /**
   * Of 32 bytes, shared by all gateways: proofs of possession need a nonce that follows from it (RFC 9449, section 9).
   * @default they need none
   */
  readonly dpopNonceSecret?: Uint8Array | undefined;
  /** The listener for machines, which present certificates. @default there is none */
  readonly machines?: MachineOptions | undefined;
  /** Where gateways tell each other how many requests they counted; absent means that this one counts alone. */
  readonly sharedCounts?: Omit<CounterSyncParts, 'logger'>;
  readonly sessionCache?: SessionCacheOptions;
  readonly streams?: StreamOptions;
  readonly upstreams?: UpstreamOptions;
  /** What the gateway presents to services of routes with `upstreamTls`. @default no certificate */
  readonly upstreamTls?: UpstreamTls | undefined;
  /** @default silent */
  readonly meter?: Meter;
  /** Where to keep the last requests of each session; absent costs nothing. */
  readonly traces?: GatewayTraces;
  /** How pages of errors look, and what is served below `/auth/assets/brand`. @default quiet colours, and the name of the host */
  readonly brand?: Brand;
  /**
   * Pages in place of built-in ones. Navigations of people who are not signed in are sent to `signIn`, and to `stepUp` when
   * a stronger or more recent sign-in is demanded. @default the built-in pages, below `/auth`
   */
  readonly pages?: PageOverrides;
  /** Asked by `/readyz`. @default always ready */
  readonly isReady?: () => boolean;
  /** What `/readyz` tells operators although the gateway is ready, as constant words. @default nothing */
  readonly readinessWarnings?: () => readonly string[];
  readonly hsts?: StrictTransportOptions;
  /** Hears of every request that was refused, and of the address it came from. Must not throw and must not wait. */
  readonly onRefusal?: (record: RequestRecord, clientAddress: string) => void;
}

/** The options that are data. The others are functions and stores: their types say enough. */
const dataSchema = z.object({
  publicUrl: publicOriginSchema,
  hosts: z.array(hostPatternSchema).readonly().default([]),
  internalHosts: z.array(hostPatternSchema).readonly().default([]),
  locales: localesSchema,
  trustedProxies: z.array(proxyNetworkSchema).readonly().default([]),
  forwardAuth: forwardAuthOptionsSchema.optional(),
  machines: machineOptionsSchema.optional(),
  revocationSubscribers: revocationSubscribersSchema,
  tokenLifetimeSeconds: tokenLifetimeSchema,
  limits: gatewayLimitsSchema.prefault({}),
  streams: streamOptionsSchema.prefault({}),
  upstreams: upstreamOptionsSchema.prefault({}),
  sessionCache: sessionCacheOptionsSchema.prefault({}),
  hsts: strictTransportSchema.prefault({}),
  cors: gatewayCorsSchema.prefault({}),
  pages: pagesSchema.prefault({}).transform(resolvePages),
});

const defaults = {
  authenticators: [],
  mounts: [],
  permissions: [],
  logger: silentLogger,
  now: () => new Date(),
  accessLog: true,
  isReady: () => true,
  readinessWarnings: () => [],
  meter: silentMeter,
} satisfies Partial<GatewayOptions>;

/** Options after their defaults were filled in. */
export type CheckedGatewayOptions = GatewayOptions &
  Required<Pick<GatewayOptions, keyof typeof defaults>> &
  z.output<typeof dataSchema> & {
    readonly publicOrigin: string;
    readonly brand: Brand;
    readonly isSecure: boolean;
    /** Value of `Strict-Transport-Security`; `undefined` sends none. */
    readonly strictTransport: string | undefined;
    /** Milliseconds since 1970. */
    readonly clock: () => number;
  };

/**
 * Checks the options of a gateway.
 *
 * @throws OptionsError with every problem in one message, by key and never by value.
 */
export function checkGatewayOptions(options: GatewayOptions): CheckedGatewayOptions {
  const { success, data, error } = dataSchema.safeParse(options);
  const problems = [
    ...(error?.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`) ?? []),
    ...(success ? problemsOfRouteOptions(options) : []),
  ];
  if (!success || problems.length > 0) {
    throw new OptionsError(`the gateway cannot be built:\n- ${problems.join('\n- ')}`);
  }
  const url = new URL(data.publicUrl);
  const { now } = options;
  return {
    ...defaults,
    ...options,
    ...data,
    clock: now === undefined ? Date.now : () => now().getTime(),
    publicOrigin: url.origin,
    brand: options.brand ?? resolveBrand(brandSchema.parse({}), url.origin),
    isSecure: url.protocol === 'https:',
    strictTransport: toStrictTransport(url, data.hsts),
  };
}

function problemsOfRouteOptions({
  authenticators = [],
  routes,
  webhooks,
  messages,
  upstreamTls,
  forwardAuth,
}: GatewayOptions): readonly string[] {
  const kinds = authenticators.map(({ kind }) => kind);
  const headers = authenticators.flatMap((authenticator) => authenticator.headers ?? []);
  return [
    ...(kinds.includes('session') ? ['authenticators: sessions are recognized by the gateway itself'] : []),
    ...(new Set(kinds).size < kinds.length ? ['authenticators: two recognize one kind of credential'] : []),
    ...(new Set(headers).size < headers.length ? ['authenticators: two read one header'] : []),
    ...problemsOfCallers(routes),
    ...(messages === undefined
      ? []
      : problemsOfMessageCallers(messages, routes).map(
          ({ consumer, problem }) => `messages.consumers.${consumer} ${problem}`,
        )),
    ...problemsOfCredentials(routes, kinds),
    ...problemsOfUpstreamTls(routes, {
      hasCertificate: upstreamTls !== undefined,
      hasAuthorities: upstreamTls?.ca !== undefined,
      hasForwardAuth: forwardAuth !== undefined,
    }),
    ...problemsOfWebhooks(routes),
    ...problemsOfMcp(routes),
    ...problemsOfWebhookKeys(routes, webhooks?.secrets() ?? new Map()).map((problem) => `webhooks: ${problem}`),
  ];
}
