export {
  sessionStoreContract,
  type SessionStoreContractOptions,
  type SessionStoreFixture,
} from './session-store-contract.ts';
export { startStoreProcess, type StoreProcess, type StoreProcessOptions } from './store-process.ts';
