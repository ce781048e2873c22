export {
  createWorkplace,
  firstSecret,
  goodPassword,
  secondSecret,
  type CommandResult,
  type Workplace,
} from './memory-terminal.ts';
export {
  freePort,
  isAvailable,
  makeDatabase,
  testRedisUrl,
  type DatabaseKind,
  type TestDatabase,
} from './test-servers.ts';
