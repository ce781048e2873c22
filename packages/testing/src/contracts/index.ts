export { busContract, type BusContractOptions, type BusFixture } from './bus-contract.ts';
export { countersContract, type CountersContractOptions, type CountersFixture } from './counters-contract.ts';
export {
  keyRingContract,
  type KeyRingContractOptions,
  type KeyRingFixture,
  type OpenRingOptions,
} from './key-ring-contract.ts';
export { after, makeSessionRecord, sessionStart } from './session-fixture.ts';
export {
  sessionStoreContract,
  type SessionStoreContractOptions,
  type SessionStoreFixture,
} from './session-store-contract.ts';
export { startStoreProcess, type StoreProcess, type StoreProcessOptions } from './store-process.ts';
export { untilAnswered } from './until-answered.ts';
