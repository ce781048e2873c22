export { startIntrospectionGateway, type IntrospectionGateway } from './introspection-gateway.ts';
export { send, type PlainAnswer } from './test-gateway.ts';
export { createTestPreset, testAccounts, testPolicy } from './test-preset.ts';
export { testRoutes } from './test-routes.ts';
