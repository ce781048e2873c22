export {
  createTestIssuer,
  createTestPrincipal,
  encodeJson,
  type Changes,
  type TestIssuer,
  type TestIssuerOptions,
} from './test-issuer.ts';
export type { KeyEndpointBehaviour, TestKeyEndpoint } from './test-key-endpoint.ts';
