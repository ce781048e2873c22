import { OptionsError, type Policy } from '@sallyport/core';
import { applyFileRoles, type ApplyPolicyOptions } from './apply-policy.ts';
import { openRoleDirectory, requireSamePolicy, type OnPolicyDifference, type RoleDirectory } from './role-directory.ts';

/** The policy of the configuration, which a reload replaces, and the roles that are stored. */
export interface OpenedPolicy {
  /** For parts that are built once, and read it at each use: its members are those of the policy that is in use. */
  readonly policy: Policy;
  readonly roles: RoleDirectory;
  /** Whether another policy could be used now. Rejects as a start with it would. */
  check(next: Policy): Promise<void>;
  /** Uses another policy; with `source: 'file'` its roles are stored first. Rejects with OptionsError, and has changed nothing. */
  use(next: Policy): Promise<void>;
}

export interface PolicyOptions extends Omit<ApplyPolicyOptions, 'policy' | 'context' | 'how'> {
  readonly policy: Policy;
  readonly signUpRoles: readonly string[];
  readonly onPolicyDifference: OnPolicyDifference;
}

/**
 * Opens the policy as the start of a process does.
 *
 * @throws OptionsError for a role of new users that it lacks, and `SP_OPTIONS_POLICY_DIFFERS` for one that was not applied.
 */
export async function openPolicy(options: PolicyOptions): Promise<OpenedPolicy> {
  const { policy: first, signUpRoles, onPolicyDifference, records, bus, now } = options;
  requireSignUpRoles(signUpRoles, first);
  if (onPolicyDifference === 'refuse') await applyFileRoles(options);
  const roles = await openRoleDirectory(options, first, bus, now, onPolicyDifference);
  let current = first;
  return {
    roles,
    policy: {
      get permissions() {
        return current.permissions;
      },
      get roles() {
        return current.roles;
      },
      get organizationRoles() {
        return current.organizationRoles;
      },
      get source() {
        return current.source;
      },
    },
    async check(next) {
      requireSignUpRoles(signUpRoles, next);
      if (next.source !== 'file') await requireSamePolicy(records, next);
    },
    async use(next) {
      await applyFileRoles({ ...options, policy: next });
      current = next;
    },
  };
}

function requireSignUpRoles(signUpRoles: readonly string[], policy: Policy): void {
  const unknown = signUpRoles.filter((role) => !Object.hasOwn(policy.roles, role));
  if (unknown.length > 0) throw new OptionsError(`the policy has no role "${unknown.join('", "')}" for new users`);
}
