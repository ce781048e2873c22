import type { GatewayChange, GatewayOptions } from '@sallyport/gateway';
import type { Config } from './config/config-schema.ts';

/** The options of the gateway that come from the configuration alone. */
export type ConfiguredGatewayOptions = GatewayChange &
  Pick<
    GatewayOptions,
    | 'publicUrl'
    | 'messages'
    | 'pages'
    | 'forwardAuth'
    | 'machines'
    | 'tokenLifetimeSeconds'
    | 'sessionCache'
    | 'revocationSubscribers'
    | 'limits'
    | 'streams'
    | 'upstreams'
  >;

/** Says what a configuration means for the gateway. */
export function toGatewayOptions(config: Config): ConfiguredGatewayOptions {
  const { authRequests: _ofTheMount, ...limits } = config.limits;
  return {
    publicUrl: config.publicUrl,
    messages: config.messages,
    pages: config.pages,
    ...toGatewayChange(config),
    forwardAuth: config.forwardAuth === undefined ? undefined : { proxies: config.forwardAuth.proxies },
    machines:
      config.mtls === undefined
        ? undefined
        : { publicUrl: config.mtls.publicUrl, behindProxy: config.mtls.behindProxy },
    tokenLifetimeSeconds: config.tokens.internalSeconds,
    sessionCache: config.sessionCache,
    revocationSubscribers: config.internal.subscribers,
    limits,
    streams: config.streams,
    upstreams: config.upstreams,
  };
}

/** What the gateway reads afresh when the configuration changes. */
export function toGatewayChange({
  routes,
  policy,
  locales,
  hosts,
  internal,
  hsts,
  trustedProxies,
  log,
  cors,
}: Config): GatewayChange {
  return {
    routes,
    permissions: Object.keys(policy.permissions),
    locales,
    hosts,
    internalHosts: internal.hosts,
    hsts,
    trustedProxies,
    accessLog: log.access,
    cors,
  };
}
