import { parseProviderSecrets, type ProviderSecrets } from '@sallyport/core';
import { providersWithSecret } from '@sallyport/identity';
import type { Config } from './config/config-schema.ts';
import { ConfigurationError } from './config/configuration-error.ts';
import type { Environment } from './config/environment.ts';
import type { Preset } from './preset.ts';

const key = 'SALLYPORT_PROVIDER_SECRETS';

/**
 * Reads what identity providers know this deployment by.
 *
 * @throws ConfigurationError for each that is malformed, or missing for a provider: by its name, never by its value.
 */
export function readProviderSecrets(
  { signInProviders }: Pick<Config, 'signInProviders'>,
  environment: Environment,
  preset?: Preset,
): ProviderSecrets {
  const { secrets, problems } = parseProviderSecrets(environment.providerSecrets ?? '');
  const all = withPreset(secrets, preset);
  const missing = providersWithSecret(signInProviders).filter((name) => !all.has(name));
  const found = problems.length > 0 ? problems : missing.map((name) => `has no secret for the provider "${name}"`);
  if (found.length > 0)
    throw new ConfigurationError(
      'environment',
      found.map((problem) => ({ key, problem })),
    );
  return all;
}

/** The secrets of identity providers that are in use. */
export interface ProviderSecretsInUse {
  readonly current: () => ProviderSecrets;
  /** Uses those of this environment, which was checked, for every sign-in from now on. */
  use(environment: Environment): void;
}

/** Begins with the secrets of an environment that was checked. */
export function openProviderSecrets(environment: Environment, preset?: Preset): ProviderSecretsInUse {
  const read = ({ providerSecrets = '' }: Environment): ProviderSecrets =>
    withPreset(parseProviderSecrets(providerSecrets).secrets, preset);
  let secrets = read(environment);
  return {
    current: () => secrets,
    use: (renewed) => {
      secrets = read(renewed);
    },
  };
}

function withPreset(secrets: ProviderSecrets, preset: Preset | undefined): ProviderSecrets {
  return new Map([...(preset?.providerSecrets?.() ?? []), ...secrets]);
}
