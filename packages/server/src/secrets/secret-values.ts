import { isSecretName, secretNames, type SecretName, type SecretValues } from '../config/environment-table.ts';
import type { Environment } from '../config/environment.ts';

const members = {
  SALLYPORT_ADMIN_TOKEN: 'adminToken',
  SALLYPORT_SECRET: 'secret',
  SALLYPORT_TOKEN_SECRET: 'tokenSecret',
  DATABASE_URL: 'databaseUrl',
  DATABASE_DIRECT_URL: 'databaseDirectUrl',
  REDIS_URL: 'redisUrl',
  SMTP_URL: 'smtpUrl',
  SMS_GATEWAY_URL: 'smsGatewayUrl',
  SMS_GATEWAY_TOKEN: 'smsGatewayToken',
  SALLYPORT_WEBHOOK_SECRETS: 'webhookSecrets',
  SALLYPORT_PROVIDER_SECRETS: 'providerSecrets',
} as const satisfies Record<SecretName, keyof Environment>;

/** The secrets of an environment, for a process that has read none of them itself. */
export function secretValuesOf(environment: Environment): SecretValues {
  const set = secretNames.flatMap((name) => {
    const value = environment[members[name]];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(set);
}

/** An environment with these secrets instead of its own. */
export function withSecretValues(environment: Environment, values: SecretValues): Environment {
  const secrets = Object.fromEntries(secretNames.map((name) => [members[name], values[name]]));
  return { ...environment, ...secrets };
}

/** Variables without the secrets among them, and without the paths of files that hold secrets; Windows knows no case of names. */
export function withoutSecrets(
  variables: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => !isSecretName(name.toUpperCase().replace(/_FILE$/, ''))),
  );
}
