import { silentLogger } from '@sallyport/core';
import { checkAdminListener } from '../checks/check-admin-listener.ts';
import { checkEmail, checkMailbox, checkTextMessages } from '../checks/check-mail.ts';
import { checkProviderSecrets } from '../checks/check-provider-secrets.ts';
import { checkRootSecret } from '../checks/check-root-secret.ts';
import { checkTokenSecret } from '../checks/check-token-secret.ts';
import { checkWebhookSecrets } from '../checks/check-webhook-secrets.ts';
import { requireChecks } from '../checks/require-checks.ts';
import type { StartCheck, StartContext } from '../checks/start-context.ts';

/** The checks of the start that look at secrets. */
const secretChecks: readonly StartCheck[] = [
  checkEmail,
  checkTextMessages,
  checkMailbox,
  checkRootSecret,
  checkTokenSecret,
  checkWebhookSecrets,
  checkProviderSecrets,
  checkAdminListener,
];

/** @throws ConfigurationError with every part of a set of secrets that the start would refuse. */
export function requireSecretChecks(context: StartContext): Promise<void> {
  return requireChecks('secrets', secretChecks, context, silentLogger);
}
