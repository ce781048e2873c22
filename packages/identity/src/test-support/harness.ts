// For the tests of features that are packages of their own. It needs Vitest, and what such tests need.
export {
  canRace,
  firstSecret,
  goodPassword,
  onDatabase,
  startHarness,
  useDatabase,
  type Answer,
  type Harness,
  type HarnessOptions,
  type RequestOptions,
} from '../identity.test-support.ts';
export { isAvailable, openAddress } from '../database/test-database.test-support.ts';
export {
  startProviderStandIn,
  type ProviderStandIn,
} from '../features/sign-in-providers/provider-stand-in.test-support.ts';
export {
  createRotatingGrants,
  type RotatingGrants,
} from '../features/sign-in-providers/kept-tokens/token-grants.test-support.ts';
