import type { Feature } from '../../feature.ts';
import type { IdentityKernel } from '../../kernel.ts';
import { createLinkRoutes, type LinkParts } from './link-routes.ts';
import { passwordConfig, type PasswordConfig } from './password-config.ts';
import { passwordEvents } from './password-events.ts';
import { passwordMails } from './password-mails.ts';
import { createPasswordOperation } from './password-operation.ts';
import { createPasswordResetRoutes, type PasswordResetParts } from './password-reset-routes.ts';
import { createPasswordRules } from './password-rules.ts';
import { createSignInRoutes, type SignInParts } from './sign-in-routes.ts';
import { createSignUpRoutes, type SignUpParts } from './sign-up-routes.ts';

type PasswordKernel = Omit<SignUpParts & SignInParts & PasswordResetParts & LinkParts, 'requireAcceptablePassword'> &
  Pick<IdentityKernel, 'brand'>;

/** NIST SP 800-63B-4, section 3.1.1.2 asks for at least 64. */
const maximumLength = 128;

/** Sign-up, sign-in and reset by password. */
export const passwordFeature = {
  name: 'passwords',
  config: passwordConfig,
  events: passwordEvents,
  mails: passwordMails,
  kernelSettingsOf: ({ hashing, answerFloorMilliseconds }: PasswordConfig) => ({ hashing, answerFloorMilliseconds }),
  create(kernel: PasswordKernel, { minLength }: PasswordConfig) {
    const length = { minimum: minLength, maximum: maximumLength };
    const requireAcceptablePassword = createPasswordRules(length, () => kernel.brand().name);
    const parts = { ...kernel, requireAcceptablePassword };
    return {
      /** The rules that a password has to meet, for operators who set one. */
      services: { requireAcceptablePassword },
      passwordRules: requireAcceptablePassword,
      operations: [createPasswordOperation(requireAcceptablePassword)],
      routes: [
        createSignUpRoutes(parts),
        createSignInRoutes(parts),
        createPasswordResetRoutes(parts),
        createLinkRoutes(kernel),
      ],
    };
  },
} as const satisfies Feature<PasswordConfig>;
