import { definePolicy, type Caller, type Records } from '@sallyport/core';
import { composeFeatures, featureList, type Feature } from '@sallyport/identity';
import { firstSecret, startHarness, type Harness, type HarnessOptions } from '@sallyport/identity/test-support/harness';
import { createSealer, openKeyRing } from '@sallyport/stores';
import { oauthFeatures } from './features.ts';

const all: readonly Feature<unknown, never>[] = [...featureList, ...oauthFeatures];
const featureSet = composeFeatures(all);

/** A registrar may register clients that use products; a trustee first-party ones as well. */
export const oauthPolicy = definePolicy({
  permissions: {
    'product:read': 'Look at products',
    'product:delete': 'Delete products',
    'user:manage': 'Manage accounts',
    'oauth-client:read': 'Look at OAuth clients',
    'oauth-client:manage': 'Register OAuth clients',
    'oauth-client:trust': 'Register first-party clients',
  },
  roles: {
    user: ['product:read'],
    reader: ['oauth-client:read'],
    registrar: ['product:read', 'oauth-client:read', 'oauth-client:manage'],
    trustee: ['product:read', 'oauth-client:read', 'oauth-client:manage', 'oauth-client:trust'],
    admin: [
      'product:read',
      'product:delete',
      'user:manage',
      'oauth-client:read',
      'oauth-client:manage',
      'oauth-client:trust',
    ],
  },
});

export interface OAuthHarnessOptions extends HarnessOptions {
  /** The section of the provider. */
  readonly oauthProvider?: Readonly<Record<string, unknown>>;
}

/** Identity with the provider, its users and service accounts, on a key ring that signs logout tokens. */
export function startOAuthHarness({ oauthProvider = {}, ...options }: OAuthHarnessOptions = {}): Promise<Harness> {
  const sections = { apiKeys: {}, oauthProvider: { clients: { api: {} }, ...oauthProvider }, ...options.features };
  return startHarness({
    policy: oauthPolicy,
    makeKeyRing,
    featureSet,
    ...options,
    features: sections,
  });
}

function makeKeyRing(records: Records) {
  return openKeyRing({
    records,
    sealer: createSealer([firstSecret])('key-ring'),
    uses: ['internal', 'oidc', 'logout'],
  });
}

/** Asks an operation as the command line does. */
export async function operate<Result = unknown>({ identity }: Harness, name: string, input: object): Promise<Result> {
  const operation = identity.operations.find((one) => one.name === name);
  const result = await operation?.run(input, { actor: 'operator:ada', requestId: 'operator', address: 'local' });
  return result as Result; // The test says what it expects.
}

/** Makes a service account with a key whose scopes are all permissions of its roles, or those that are given. */
export async function makeService(
  harness: Harness,
  name: string,
  roles: readonly (keyof typeof oauthPolicy.roles)[],
  scopes: readonly string[] = roles.flatMap((role) => oauthPolicy.roles[role]),
): Promise<{ readonly id: string; readonly caller: Caller }> {
  const { id } = await operate<{ readonly id: string }>(harness, 'service-accounts/create', { name, roles });
  const owner = { kind: 'service', id };
  const made = { owner, name: 'Main', scopes: [...new Set(scopes)] };
  const { secret } = await operate<{ readonly secret: string }>(harness, 'api-keys/create', made);
  const authenticator = harness.identity.authenticators.find(({ kind }) => kind === 'api-key');
  const outcome = await authenticator?.authenticate(secret);
  if (outcome?.kind !== 'authenticated') throw new TypeError('the key is refused');
  return { id, caller: outcome.caller.principal };
}

/** A client of a partner, as it is registered: it signs people in, and reads products for them. */
export const partner = {
  name: 'Acme Reports',
  authentication: 'client_secret_basic',
  grantTypes: ['authorization_code', 'refresh_token'],
  redirectUris: ['https://reports.acme.example/callback'],
  scopes: ['openid', 'profile', 'offline_access', 'product:read'],
  resources: ['http://localhost:3000/'],
  backchannelLogoutUri: 'https://reports.acme.example/logout',
} as const;
