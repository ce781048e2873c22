export { send, type PlainAnswer } from './test-gateway.ts';
export { createTestPreset, testAccounts } from './test-preset.ts';
export { testRoutes } from './test-routes.ts';
