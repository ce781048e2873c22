export { createGateway, type Gateway, type GatewayChange } from './gateway.ts';
export type { Listening } from './listeners/listener.ts';
export type { ExplainedFact, ExplainedStage, Explanation, ExplainQuestion } from './explain/explanation.ts';
export type {
  GatewayLimits,
  GatewayOptions,
  SessionCacheOptions,
  StreamOptions,
  UpstreamOptions,
} from './gateway-options.ts';
export { problemOfProxyNetwork } from './firewall/proxy-network.ts';
export type { Mount } from './routing/mount.ts';
export type { RequestRecord } from './record/record.ts';
export {
  createGatewayTraces,
  type GatewayTrace,
  type GatewayTraces,
  type GatewayTracesOptions,
} from './record/traces.ts';
