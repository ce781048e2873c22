import { OptionsError } from '@sallyport/core';
import { isSameDatabase, isSameRedis } from '@sallyport/stores';
import { ConfigurationError } from '../config/configuration-error.ts';
import { secretNames, type SecretName, type SecretValues } from '../config/environment-table.ts';

/** What differs between two sets of secrets. */
export interface SecretChanges {
  /** Used as soon as the new set is. */
  readonly atOnce: readonly SecretName[];
  /** Built into something that remembers: used from the next start on. */
  readonly atRestart: readonly SecretName[];
}

/** Whether another value of a secret, which is set before and after, can be used while the gateway runs. */
const renewable: Readonly<Record<SecretName, (before: string, after: string) => boolean>> = {
  SALLYPORT_ADMIN_TOKEN: () => true,
  SMTP_URL: () => true,
  SMS_GATEWAY_URL: () => true,
  SMS_GATEWAY_TOKEN: () => true,
  SALLYPORT_WEBHOOK_SECRETS: () => true,
  SALLYPORT_PROVIDER_SECRETS: () => true,
  DATABASE_URL: isSameDatabase,
  DATABASE_DIRECT_URL: isSameDatabase,
  REDIS_URL: isSameRedis,
  // What was sealed and hashed under it is in caches, keys and connections of other gateways.
  SALLYPORT_SECRET: () => false,
  SALLYPORT_TOKEN_SECRET: () => false,
};

/**
 * Compares two sets of secrets. One that comes or goes waits for the next start: it changes what a gateway is made of.
 *
 * @throws ConfigurationError that names an address of a store that cannot be used, and never its value.
 */
export function compareSecrets(before: SecretValues, after: SecretValues): SecretChanges {
  const differing = secretNames.filter((name) => before[name] !== after[name]);
  const isAtOnce = (name: SecretName): boolean => {
    const [old, next] = [before[name], after[name]];
    return old !== undefined && next !== undefined && isRenewable(name, old, next);
  };
  return { atOnce: differing.filter(isAtOnce), atRestart: differing.filter((name) => !isAtOnce(name)) };
}

function isRenewable(name: SecretName, before: string, after: string): boolean {
  try {
    return renewable[name](before, after);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    throw new ConfigurationError('secrets', [{ key: name, problem: error.message }]);
  }
}
