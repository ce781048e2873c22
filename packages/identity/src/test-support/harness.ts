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
