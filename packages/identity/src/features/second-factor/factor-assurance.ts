import type { AssuranceLevel } from '@sallyport/core';
import type { RequiredAssurance } from '../../sessions/required-assurance.ts';
import type { FactorTable } from './factor-table.ts';

/**
 * Builds what the second factor requires: of roles that must have one, and of accounts that set one up.
 *
 * @param requiredFor roles that require a second factor.
 */
export function createFactorAssurance(
  factors: Pick<FactorTable, 'hasAny'>,
  requiredFor: readonly string[],
): RequiredAssurance {
  const strict = new Set(requiredFor);
  const ofRoles = (roles: readonly string[]): AssuranceLevel =>
    roles.some((role) => strict.has(role)) ? 'mfa' : 'pwd';
  return {
    ofRoles,
    of: async ({ id, roles }) => (ofRoles(roles) === 'mfa' || (await factors.hasAny(id)) ? 'mfa' : 'pwd'),
  };
}
