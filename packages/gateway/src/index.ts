export { createDoor, type Door, type DoorChange } from './gateway.ts';
export type { Listening } from './listeners/listener.ts';
export type { ExplainedFact, ExplainedStage, Explanation, ExplainQuestion } from './explain/explanation.ts';
export type {
  DoorLimits,
  DoorOptions,
  SessionCacheOptions,
  StreamOptions,
  UpstreamOptions,
} from './gateway-options.ts';
export { problemOfProxyNetwork } from './firewall/proxy-network.ts';
export type { Mount } from './routing/mount.ts';
export type { RequestRecord } from './record/record.ts';
export { createDoorTraces, type DoorTrace, type DoorTraces, type DoorTracesOptions } from './record/traces.ts';
