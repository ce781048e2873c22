import { readWebhookSecrets } from '../webhook-secrets.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck } from './start-context.ts';

/** Whether every route that takes webhooks has a secret that can be used, and which secrets have no route. */
export const checkWebhookSecrets: StartCheck = {
  name: 'webhook secrets',
  run: ({ config, environment }) => {
    const used = new Set(config.routes.flatMap(({ webhook }) => webhook?.secret ?? []));
    let unused: readonly string[] = [];
    const failures = findingsOf(() => {
      unused = [...readWebhookSecrets(config, environment).keys()].filter((name) => !used.has(name));
    });
    if (failures.length > 0 || unused.length === 0) return failures;
    const finding = `has secrets that no route uses: ${unused.join(', ')}`;
    return [
      { kind: 'warning', key: 'SALLYPORT_WEBHOOK_SECRETS', finding, hint: 'Remove them, or correct their names.' },
    ];
  },
};
