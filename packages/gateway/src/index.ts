export { createGateway, type Gateway, type GatewayChange, type MachineAddress } from './gateway.ts';
export { machineOptionsSchema, type MachineOptions } from './machines/machine-options.ts';
export {
  readMachineTrust,
  type MachineTrust,
  type MachineTrustFiles,
  type MachineTrustOutcome,
  type MachineTrustProblem,
} from '@sallyport/core';
export type { ContinueWith } from './in-process/hand-over.ts';
export { listen } from './listeners/listen.ts';
export type { Listening } from './listeners/listener.ts';
export type { ExplainedFact, ExplainedStage, Explanation, ExplainQuestion } from './explain/explanation.ts';
export { protectedResourcePlace } from './mcp/protected-resource-mounts.ts';
export { messageTokensPlace, problemsOfMessageCallers } from './messages/message-tokens-mount.ts';
export { messagesSchema, type MessagesOptions } from './messages/messages-options.ts';
export { providerTokensPlace, type HandOutProviderToken } from './provider-tokens/provider-tokens-mount.ts';
export { introspectionPlace, tokenRevocationPlace } from './introspection/introspection-mounts.ts';
export { introspectionSchema } from './introspection/introspection-options.ts';
export { tokenLifetimeSchema } from './credentials/token-lifetime.ts';
export { localesSchema } from './firewall/locales.ts';
export { proxyNetworkSchema } from './firewall/proxy-network.ts';
export { forwardAuthOptionsSchema, type ForwardAuthOptions } from './forward-auth/forward-auth-options.ts';
export { upstreamOptionsSchema, type UpstreamOptions } from './forward/upstream-options.ts';
export { problemOfAuthorities, type UpstreamTls } from './forward/upstream-tls.ts';
export type { GatewayOptions, WebhookSources } from './gateway-options.ts';
export { problemsOfWebhookKeys } from './webhooks/webhook-keys.ts';
export { gatewayLimitsSchema, type GatewayLimits } from './limits/gateway-limits.ts';
export {
  createErrorPageRenderer,
  type ErrorPage,
  type ErrorPageParts,
  type RenderErrorPage,
} from './response/error-page.ts';
export { brandPlace } from './response/brand-mount.ts';
export { strictTransportSchema, type StrictTransportOptions } from './response/strict-transport.ts';
export { isBelowPrefix } from './routing/is-below-prefix.ts';
export { createRouteTable, problemsOfRoutes, type RouteTable } from './routing/route-table.ts';
export { gatewayCorsSchema } from './routing/gateway-cors.ts';
export { problemsOfUpstreamTls } from './routing/upstream-tls-problems.ts';
export { credentialsOfRoute, methodsOfRoute } from './routing/accepted-by-route.ts';
export { routeOptionsOf, type RouteOption } from './routing/route-options.ts';
export { findNestedRoutes } from './routing/nested-routes.ts';
export { sessionEventsPlace } from './streams/session-events-mount.ts';
export { sessionExtensionPlace } from './streams/session-extension-mount.ts';
export { revocationSubscribersSchema } from './sessions/revocation-subscribers.ts';
export { sessionCacheOptionsSchema, type SessionCacheOptions } from './sessions/session-cache-options.ts';
export { streamOptionsSchema, type StreamOptions } from './streams/stream-options.ts';
export type { Mount } from './routing/mount.ts';
export type { RequestRecord } from './record/record.ts';
export {
  createGatewayTraces,
  type GatewayTrace,
  type GatewayTraces,
  type GatewayTracesOptions,
} from './record/traces.ts';
