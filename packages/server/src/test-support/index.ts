export { send, testRoutes, type PlainAnswer } from './test-gateway.ts';
