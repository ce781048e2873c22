import type { Profile } from '@sallyport/core';
import type { RoleDirectory } from '../../accounts/role-directory.ts';
import type { UserTable } from '../../accounts/user-table.ts';
import type { RequiredAssurance } from '../../sessions/required-assurance.ts';
import type { OwnerRef } from './api-key-table.ts';
import type { ServiceAccounts } from './service-accounts.ts';

/** The owner of a key, as it is now: what it may hand on to its keys. */
export interface KeyOwner extends OwnerRef {
  readonly permissions: readonly string[];
  readonly generation: number;
  readonly policyGeneration: number;
  /** What the roles of a user demand of sign-ins, and so of how its keys were made. */
  readonly requiredAcr: ReturnType<RequiredAssurance['ofRoles']>;
  readonly profile?: Profile;
}

/** Reads the owner of a key. Resolves to `null` for one that is gone, banned or disabled. */
export type FindKeyOwner = (owner: OwnerRef) => Promise<KeyOwner | null>;

export interface KeyOwnersOptions {
  readonly users: UserTable;
  readonly serviceAccounts: ServiceAccounts;
  readonly roles: RoleDirectory;
  readonly requiredAssurance: RequiredAssurance;
}

/** Builds the reader of owners. It remembers nothing. */
export function createFindKeyOwner(options: KeyOwnersOptions): FindKeyOwner {
  const { users, serviceAccounts, roles, requiredAssurance } = options;

  const permissionsOf = async (names: readonly string[]) => {
    const { permissions, generation: policyGeneration } = await roles.permissionsOf(names);
    return { permissions, policyGeneration };
  };

  return async ({ kind, id }) => {
    if (kind === 'service') {
      const service = await serviceAccounts.findById(id);
      if (service === null || service.isDisabled) return null;
      const { generation } = service;
      return { kind, id, generation, requiredAcr: 'pwd', ...(await permissionsOf(service.roles)) };
    }
    const user = await users.findById(id);
    if (user === null || user.isBanned) return null;
    const { generation, name, email } = user;
    const requiredAcr = requiredAssurance.ofRoles(user.roles);
    return { kind, id, generation, requiredAcr, profile: { name, email }, ...(await permissionsOf(user.roles)) };
  };
}
