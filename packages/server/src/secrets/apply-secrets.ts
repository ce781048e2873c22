import type { Environment } from '../config/environment.ts';
import type { Delivery } from '../mailbox/open-delivery.ts';
import type { Stores } from '../open-stores.ts';
import type { ProviderSecretsInUse } from '../provider-secrets.ts';
import type { WebhookSecretsInUse } from '../webhook-secrets.ts';

/** What uses secrets that may change while the gateway runs. */
export interface SecretUsers {
  readonly delivery: Pick<Delivery, 'prepareSecrets'>;
  readonly stores: Pick<Stores, 'useCredentials'>;
  readonly webhookSecrets: Pick<WebhookSecretsInUse, 'use'>;
  readonly providerSecrets: Pick<ProviderSecretsInUse, 'use'>;
}

/**
 * Uses renewed secrets as a whole: whatever may refuse them is asked before the first of them is used.
 *
 * @throws whatever refuses them; then all are as they were.
 */
export function applySecrets(renewed: Environment, users: SecretUsers): void {
  const { delivery, stores, webhookSecrets, providerSecrets } = users;
  const useForMail = delivery.prepareSecrets(renewed);
  stores.useCredentials(renewed);
  useForMail();
  webhookSecrets.use(renewed);
  providerSecrets.use(renewed);
}
