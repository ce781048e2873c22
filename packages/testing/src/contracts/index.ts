export { busContract, type BusContractOptions, type BusFixture } from './bus-contract.ts';
export { countersContract, type CountersContractOptions, type CountersFixture } from './counters-contract.ts';
export { keyRingContract, type KeyRingContractOptions } from './key-ring-contract.ts';
export type { KeyRingFixture, OpenRingOptions } from './key-ring/opened-keys.ts';
export { after, makeSessionRecord, sessionStart } from './session-fixture.ts';
export { sessionStoreContract, type SessionStoreContractOptions } from './session-store-contract.ts';
export type { SessionStoreFixture } from './session-store/opened-store.ts';
export { startStoreProcess, type StoreProcess, type StoreProcessOptions } from './store-process.ts';
export { untilAnswered } from './until-answered.ts';
export {
  webhookDeliveriesContract,
  type WebhookDeliveriesContractOptions,
  type WebhookDeliveriesFixture,
} from './webhook-deliveries-contract.ts';
