import { providersWithSecret } from '@sallyport/identity';
import { readProviderSecrets } from '../provider-secrets.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck } from './start-context.ts';

/** Whether every identity provider has the secret that it knows this deployment by, and which secrets have no provider. */
export const checkProviderSecrets: StartCheck = {
  name: 'provider secrets',
  run: ({ config, environment, preset }) => {
    const used = new Set(providersWithSecret(config.signInProviders));
    let unused: readonly string[] = [];
    const failures = findingsOf(() => {
      unused = [...readProviderSecrets(config, environment, preset).keys()].filter((name) => !used.has(name));
    });
    if (failures.length > 0 || unused.length === 0) return failures;
    const finding = `has secrets that no identity provider uses: ${unused.join(', ')}`;
    return [
      { kind: 'warning', key: 'SALLYPORT_PROVIDER_SECRETS', finding, hint: 'Remove them, or correct their names.' },
    ];
  },
};
