import { parseWebhookSecrets, type WebhookSecrets } from '@sallyport/core';
import { problemsOfWebhookKeys } from '@sallyport/gateway';
import type { Config } from './config/config-schema.ts';
import { ConfigurationError } from './config/configuration-error.ts';
import type { Environment } from './config/environment.ts';

const key = 'SALLYPORT_WEBHOOK_SECRETS';

/**
 * Reads the secrets that webhooks are verified with.
 *
 * @throws ConfigurationError for each that is malformed, missing for a route or easy to guess: by its name, never by its value.
 */
export function readWebhookSecrets({ routes }: Pick<Config, 'routes'>, environment: Environment): WebhookSecrets {
  const { secrets, problems } = parseWebhookSecrets(environment.webhookSecrets ?? '');
  const all = problems.length > 0 ? problems : problemsOfWebhookKeys(routes, secrets);
  if (all.length > 0)
    throw new ConfigurationError(
      'environment',
      all.map((problem) => ({ key, problem })),
    );
  return secrets;
}

/** The secrets of webhooks that are in use. */
export interface WebhookSecretsInUse {
  readonly current: () => WebhookSecrets;
  /** Uses those of this environment, which was checked, for every delivery from now on. */
  use(environment: Environment): void;
}

/** Begins with the secrets of an environment that was checked. */
export function openWebhookSecrets(environment: Environment): WebhookSecretsInUse {
  const read = ({ webhookSecrets = '' }: Environment): WebhookSecrets => parseWebhookSecrets(webhookSecrets).secrets;
  let secrets = read(environment);
  return {
    current: () => secrets,
    use: (renewed) => {
      secrets = read(renewed);
    },
  };
}
