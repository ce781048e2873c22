import { parseSharedSecrets, problemOfSharedSecrets } from '@sallyport/core';
import type { SecretVersion } from '@sallyport/stores';
import type { Config } from './config/config-schema.ts';
import { ConfigurationError } from './config/configuration-error.ts';
import type { Environment } from './config/environment.ts';

const key = 'SALLYPORT_TOKEN_SECRET';
const setting = 'tokens.signWithSharedSecretInsteadOfKeyPairs';
const advice = 'make one with "openssl rand -base64 32"';

/**
 * Finds the secret that tokens are signed with, where the configuration asks for one; else `undefined`.
 *
 * Services know this secret. What protects everything at rest, or lets operators in, must not be known to them.
 *
 * @throws ConfigurationError when it is missing, weak, used for something else too, or set and not asked for.
 */
export function readTokenSecret(
  { tokens }: Config,
  environment: Environment,
  rootSecret: () => readonly SecretVersion[],
): string | undefined {
  const { tokenSecret } = environment;
  const refuse = (problem: string): never => {
    throw new ConfigurationError('environment', [{ key, problem }]);
  };
  if (!tokens.signWithSharedSecretInsteadOfKeyPairs)
    return tokenSecret === undefined ? undefined : refuse(`is set, and ${setting} is not: set both or neither`);
  if (tokenSecret === undefined) return refuse(`is missing, and ${setting} is set: ${advice}`);
  const problem = problemOfSharedSecrets(tokenSecret);
  if (problem !== undefined) return refuse(`${problem}; ${advice}`);
  const others = new Set([...rootSecret().map(({ value }) => value), environment.adminToken]);
  if (parseSharedSecrets(tokenSecret).some((secret) => others.has(secret)))
    return refuse(`is also the root secret or the admin token, which no service may know: ${advice}`);
  return tokenSecret;
}
