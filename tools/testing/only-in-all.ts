/**
 * Files that `npm test` leaves to `npm test -- --all`, beside the browser suite on the second and third combination of
 * stores (`test/e2e/store-combinations.ts`): outside judges, image builds, soak, smoke, long differential runs, and stories of
 * whole processes and suites of a second database, whose parts have tests every day. CONTRIBUTING says why.
 */
export const filesOnlyInAll: readonly string[] = [
  'test/transport/testssl.test.ts',
  'test/proxies/forward-auth-envoy.test.ts',
  'test/deploy/images.test.ts',
  'test/deploy/packages-image.test.ts',
  'test/e2e/auth-js-shell.test.ts',
  'test/e2e/organization-looks.test.ts',
  'test/providers/keycloak.test.ts',
  'test/faults/soak.test.ts',
  'test/faults/restored-stores.test.ts',
  'examples/auth-js-shell/test/expiry.test.ts',
  'examples/mcp-nest/test/conformance.test.ts',
  'packages/identity/src/identity.mongodb.test.ts',
  'packages/oauth/src/oauth.mongodb.test.ts',
  'packages/policy/src/agreement/agreement-at-length.test.ts',
  'packages/stores/src/redis/redis-deployments.test.ts',
  'test/processes/auth-js-shell.test.ts',
  'test/processes/backchannel-logout.test.ts',
  'test/processes/opa-decisions.test.ts',
  'test/processes/poolers.test.ts',
  'test/processes/certificate-rotation.test.ts',
  'test/processes/commands-beside-a-gateway.test.ts',
  'test/processes/secrets-from-a-source.test.ts',
  'test/processes/start-beside-draining.test.ts',
  'test/smoke/smoke.test.ts',
  'test/upgrades/negative-control.test.ts',
  'test/upgrades/side-by-side.test.ts',
];

/** The variable by which `npm test` tells Vitest what to leave out; without it everything runs. */
export const scopeVariable = 'TEST_SCOPE';

/** `everyday` is a bare `npm test`; a run that names files or projects itself leaves none of them out. */
export type TestScope = 'everyday' | 'all';
