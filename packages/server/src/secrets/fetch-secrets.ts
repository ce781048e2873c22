import { ConfigurationError } from '../config/configuration-error.ts';
import type { SecretValues } from '../config/environment-table.ts';
import { parseSecrets } from './parse-secrets.ts';
import { requestSecrets } from './request-secrets.ts';
import { runSecretCommand } from './run-secret-command.ts';
import type { SecretSource } from './secret-source.ts';
import { SecretsUnusable } from './secrets-unusable.ts';

/** What a command inherits. */
export interface SecretSurroundings {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
}

/**
 * Asks the command or the address of the configuration for secrets.
 *
 * @throws ConfigurationError that names the setting and what is wrong with it, and nothing of the answer.
 */
export async function fetchSecrets(source: SecretSource, surroundings: SecretSurroundings): Promise<SecretValues> {
  const { command, url, at, timeoutSeconds } = source;
  const key = url === undefined ? 'secrets.from.command' : 'secrets.from.url';
  try {
    const answer =
      url === undefined
        ? await runSecretCommand({ command: command ?? [], timeoutSeconds, ...surroundings })
        : await requestSecrets(url, source);
    return parseSecrets(answer, at);
  } catch (error) {
    if (!(error instanceof SecretsUnusable)) throw error;
    throw new ConfigurationError('secrets', [{ key, problem: error.message }]);
  }
}
