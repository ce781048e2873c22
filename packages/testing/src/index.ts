export { startFakeClock, type FakeClock } from './fake-clock.ts';
export { overrideSallyport, type OverridableModule } from './override-sallyport.ts';
export { signInAs, type BrowserPage, type BrowserTab, type TestAccount } from './sign-in-as.ts';
export { createTestPrincipal, type TestCaller } from './test-caller.ts';
export { createTestIssuer, encodeJson, type Changes, type TestIssuer, type TestIssuerOptions } from './test-issuer.ts';
export type { KeyEndpointBehaviour, TestKeyEndpoint } from './test-key-endpoint.ts';
