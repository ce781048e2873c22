import type { AssuranceLevel } from '@sallyport/core';
import type { User } from '../../accounts/user-table.ts';
import type { FactorTable } from './factor-table.ts';

/** How strong a sign-in must be at least. */
export interface AccountDemand {
  /** What the roles alone demand. */
  ofRoles(roles: readonly string[]): AssuranceLevel;
  /** What an account demands: by its roles, or because its owner set up a second factor. */
  of(user: Pick<User, 'id' | 'roles'>): Promise<AssuranceLevel>;
}

/**
 * Builds the rule. It is the only one, and it is asked in the one place where sessions are made, so that no way in can be
 * weaker than the account demands.
 *
 * @param requiredFor roles that demand a second factor.
 */
export function createAccountDemand(factors: FactorTable, requiredFor: readonly string[]): AccountDemand {
  const strict = new Set(requiredFor);
  const ofRoles = (roles: readonly string[]): AssuranceLevel =>
    roles.some((role) => strict.has(role)) ? 'mfa' : 'pwd';
  return {
    ofRoles,
    of: async ({ id, roles }) => (ofRoles(roles) === 'mfa' || (await factors.list(id)).length > 0 ? 'mfa' : 'pwd'),
  };
}
