import { isAvailable, useDatabase } from '@sallyport/identity/test-support/harness';
import { describe } from 'vitest';

// The same tests as on the embedded database: what the provider promises must not depend on where it keeps its rows.
await useDatabase('postgres');

describe.skipIf(!isAvailable('postgres')).each([
  { name: 'clients', load: () => import('./clients/client-routes.test.ts') },
  { name: 'registrations of clients', load: () => import('./clients/client-registration.test.ts') },
  { name: 'authority over clients', load: () => import('./clients/client-authority.test.ts') },
  { name: 'secrets of clients', load: () => import('./clients/client-secrets.test.ts') },
  { name: 'changes that meet', load: () => import('./clients/parallel-changes.test.ts') },
  { name: 'logouts that wait', load: () => import('./backchannel-logout/logout-queue.test.ts') },
  { name: 'requests that meet', load: () => import('./provider/provider-races.test.ts') },
  { name: 'sign-ins of devices', load: () => import('./device-flow/device-flow.test.ts') },
  { name: 'consents', load: () => import('./provider/consents.test.ts') },
  { name: 'agents', load: () => import('./provider/agents.test.ts') },
  { name: 'back-channel logout', load: () => import('./backchannel-logout/backchannel-logout.test.ts') },
])('oauth: $name', async ({ load }) => {
  await load();
});
