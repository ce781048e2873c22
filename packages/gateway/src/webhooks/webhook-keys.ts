import { keyOfWebhookSecret, problemsOfWebhookSecrets, type Route, type WebhookSecrets } from '@sallyport/core';

/** The keys that deliveries of a route may be signed with. */
export function webhookKeysOf(secrets: WebhookSecrets, webhook: NonNullable<Route['webhook']>): readonly Uint8Array[] {
  return (secrets.get(webhook.secret) ?? []).flatMap((value) => keyOfWebhookSecret(value, webhook) ?? []);
}

/** Says which routes have no secret that can be used, in sentences that go on after the name of all secrets. Names, never values. */
export function problemsOfWebhookKeys(routes: readonly Route[], secrets: WebhookSecrets): readonly string[] {
  return routes.flatMap(({ name, webhook }) => {
    if (webhook === undefined) return [];
    const values = secrets.get(webhook.secret);
    if (values === undefined) return [`has no secret "${webhook.secret}", with which route "${name}" verifies`];
    return problemsOfWebhookSecrets(values, webhook).map(
      (problem) => `has a secret "${webhook.secret}" that ${problem}`,
    );
  });
}
