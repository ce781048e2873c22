import { describe } from 'vitest';
import { isAvailable } from './database/test-database.test-support.ts';
import { useDatabase } from './identity.test-support.ts';

// The same tests as on the embedded database: what identity promises must not depend on where it keeps its rows.
await useDatabase('postgres');

describe.skipIf(!isAvailable('postgres')).each([
  { name: 'sign-up', load: () => import('./sign-up.test.ts') },
  { name: 'proof of addresses', load: () => import('./address-proof.test.ts') },
  { name: 'proofs in any order', load: () => import('./address-proof-sequences.test.ts') },
  { name: 'proofs at the same moment', load: () => import('./address-proof-races.test.ts') },
  { name: 'retention', load: () => import('./retention.test.ts') },
  { name: 'sign-in', load: () => import('./sign-in.test.ts') },
  { name: 'sessions', load: () => import('./sessions.test.ts') },
  { name: 'password reset', load: () => import('./password-reset.test.ts') },
  { name: 'roles', load: () => import('./roles.test.ts') },
  { name: 'requests that meet', load: () => import('./parallel-requests.test.ts') },
  { name: 'authority', load: () => import('./authority.test.ts') },
  { name: 'events that cannot be written', load: () => import('./unwritten-events.test.ts') },
  { name: 'second factor', load: () => import('./features/second-factor/second-factor.test.ts') },
  { name: 'sign-ins that wait', load: () => import('./features/second-factor/pending-sign-ins.test.ts') },
  { name: 'completed sign-ins', load: () => import('./features/second-factor/complete-sign-in.test.ts') },
  { name: 'wrong codes', load: () => import('./features/second-factor/code-limiter.test.ts') },
  { name: 'sessions from before a factor', load: () => import('./features/second-factor/weaker-sessions.test.ts') },
  { name: 'recovery codes', load: () => import('./features/second-factor/recovery-codes.test.ts') },
  { name: 'authenticator apps', load: () => import('./features/second-factor/authenticator-app.test.ts') },
  { name: 'setting up factors', load: () => import('./features/second-factor/change-factors.test.ts') },
  { name: 'codes that are sent', load: () => import('./features/second-factor/sent-codes.test.ts') },
  { name: 'the users API', load: () => import('./features/administration/manage-routes.test.ts') },
  { name: 'organizations', load: () => import('./features/organizations/organizations.test.ts') },
  { name: 'members of organizations', load: () => import('./features/organizations/members.test.ts') },
  { name: 'invitations', load: () => import('./features/organizations/invitations.test.ts') },
  { name: 'organizations of others', load: () => import('./features/organizations/wrong-tenant.test.ts') },
  { name: 'edits of roles', load: () => import('./features/administration/role-edits.test.ts') },
  {
    name: 'edits of roles at the store',
    load: () => import('./features/administration/role-edits-at-the-store.test.ts'),
  },
  { name: 'tokens of members', load: () => import('./features/organizations/tokens-of-members.test.ts') },
  { name: 'identity providers', load: () => import('./features/sign-in-providers/provider-sign-in.test.ts') },
  {
    name: 'identity providers at the same moment',
    load: () => import('./features/sign-in-providers/provider-races.test.ts'),
  },
  {
    name: 'connected identity providers',
    load: () => import('./features/sign-in-providers/connected-providers.test.ts'),
  },
  { name: 'logout tokens', load: () => import('./features/sign-in-providers/backchannel-logout.test.ts') },
  {
    name: 'logout tokens for sign-ins on their way',
    load: () => import('./features/sign-in-providers/logout-while-signing-in.test.ts'),
  },
  { name: 'API keys', load: () => import('./features/api-keys/api-keys.test.ts') },
  { name: 'callers with API keys', load: () => import('./features/api-keys/api-key-authenticator.test.ts') },
  { name: 'service accounts', load: () => import('./features/api-keys/service-accounts.test.ts') },
  { name: 'step-up', load: () => import('./step-up.test.ts') },
  { name: 'accounts that were imported', load: () => import('./imported-accounts.test.ts') },
  { name: 'requests', load: () => import('./requests.test.ts') },
  { name: 'tokens for programs', load: () => import('./features/tokens/token-sign-in.test.ts') },
  { name: 'the second factor of programs', load: () => import('./features/tokens/token-second-factor.test.ts') },
  { name: 'refresh tokens', load: () => import('./features/tokens/refresh.test.ts') },
  { name: 'refresh tokens in any order', load: () => import('./features/tokens/refresh-sequences.test.ts') },
  { name: 'refresh tokens at the same moment', load: () => import('./features/tokens/refresh-races.test.ts') },
  { name: 'access tokens', load: () => import('./features/tokens/bearer-authenticator.test.ts') },
  { name: 'opaque access tokens', load: () => import('./features/tokens/opaque-authenticator.test.ts') },
  { name: 'tokens that services end', load: () => import('./features/tokens/revoke-token.test.ts') },
  {
    name: 'codes of providers that clients bring',
    load: () => import('./features/sign-in-providers/brought-codes/brought-codes.test.ts'),
  },
  {
    name: 'tokens of providers',
    load: () => import('./features/sign-in-providers/kept-tokens/kept-tokens.test.ts'),
  },
  {
    name: 'refreshes of kept tokens',
    load: () => import('./features/sign-in-providers/kept-tokens/refresh-kept-tokens.test.ts'),
  },
  {
    name: 'ends of kept tokens',
    load: () => import('./features/sign-in-providers/kept-tokens/revoke-ended-tokens.test.ts'),
  },
])('identity: $name', async ({ load }) => {
  await load();
});
