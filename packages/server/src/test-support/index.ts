export { send, type PlainAnswer } from './test-gateway.ts';
export { testRoutes } from './test-routes.ts';
