export { createDoor, type Door, type DoorChange } from './door.ts';
export type { Listening } from './listener.ts';
export type { ExplainedFact, ExplainedStage, Explanation, ExplainQuestion } from './explain/explanation.ts';
export type { DoorLimits, DoorOptions, SessionCacheOptions, StreamOptions, UpstreamOptions } from './door-options.ts';
export { problemOfProxyNetwork } from './firewall/proxy-network.ts';
export type { Mount } from './mount.ts';
export type { RequestRecord } from './record/record.ts';
export { createDoorTraces, type DoorTrace, type DoorTraces, type DoorTracesOptions } from './record/traces.ts';
