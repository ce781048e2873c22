import { definePolicy, type Caller } from '@sallyport/core';
import type { Harness, HarnessOptions } from '../../identity.test-support.ts';
import { operate, present, startKeyHarness } from '../api-keys/api-key.test-support.ts';

/** A manager may manage accounts, and may less than an administrator otherwise. */
export const managePolicy = definePolicy({
  permissions: {
    'product:read': 'Look at products',
    'product:delete': 'Delete products',
    'user:read': 'Look at accounts',
    'user:manage': 'Manage accounts',
  },
  roles: {
    user: ['product:read'],
    clerk: ['product:read', 'product:delete'],
    reader: ['user:read'],
    manager: ['product:read', 'user:read', 'user:manage'],
    admin: ['product:read', 'product:delete', 'user:read', 'user:manage'],
  },
});

/** Identity with API keys and the users API. */
export function startManageHarness(options: HarnessOptions = {}): Promise<Harness> {
  return startKeyHarness({
    policy: managePolicy,
    ...options,
    features: { administration: { usersApi: {} }, ...options.features },
  });
}

/** A service account, and what the gateway says of a caller with a key of it. */
export interface TestService {
  readonly id: string;
  readonly caller: Caller;
}

/** Makes a service account with a key whose scopes are all permissions of its roles, or those that are given. */
export async function makeService(
  harness: Harness,
  name: string,
  roles: readonly string[],
  scopes: readonly string[] = roles.flatMap(
    (role) => managePolicy.roles[role as keyof typeof managePolicy.roles] ?? [],
  ),
): Promise<TestService> {
  const account = (await operate(harness, 'service-accounts/create', { name, roles })) as { readonly id: string };
  const owner = { kind: 'service', id: account.id };
  const made = await operate(harness, 'api-keys/create', { owner, name: 'Main', scopes: [...new Set(scopes)] });
  const found = await present(harness, (made as { readonly secret: string }).secret);
  if (typeof found === 'string') throw new TypeError(`the key is refused: ${found}`);
  return { id: account.id, caller: found.principal };
}
