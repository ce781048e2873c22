import { OptionsError } from '@sallyport/core';
import type { Policy } from '@sallyport/core';
import type { BuiltFeature, Feature } from '../../feature.ts';
import { createPasswordResetRoutes } from './password-reset-routes.ts';
import { createPasswordRules, type PasswordLength, type RequireAcceptablePassword } from './password-rules.ts';
import { createSignInRoutes } from './sign-in-routes.ts';
import { createSignUpRoutes } from './sign-up-routes.ts';

export interface PasswordConfig {
  readonly passwordLength: PasswordLength;
  readonly signUpRoles: readonly string[];
  readonly productName: string;
}

interface BuiltPasswords extends BuiltFeature {
  readonly requireAcceptablePassword: RequireAcceptablePassword;
}

/** Sign-up, sign-in and reset by password. */
export const passwordFeature: Feature<PasswordConfig, BuiltPasswords> = {
  requireConfig({ passwordLength, signUpRoles, productName }, policy) {
    createPasswordRules(passwordLength, productName);
    requireSignUpRoles(signUpRoles, policy);
  },
  create(kernel, { passwordLength, signUpRoles, productName }) {
    const requireAcceptablePassword = createPasswordRules(passwordLength, productName);
    const parts = { ...kernel, signUpRoles, requireAcceptablePassword };
    return {
      requireAcceptablePassword,
      routes: [createSignUpRoutes(parts), createSignInRoutes(parts), createPasswordResetRoutes(parts)],
    };
  },
};

function requireSignUpRoles(signUpRoles: readonly string[], policy: Policy): void {
  const unknown = signUpRoles.filter((role) => !Object.hasOwn(policy.roles, role));
  if (unknown.length > 0) throw new OptionsError(`the policy has no role "${unknown.join('", "')}" for who signs up`);
}
