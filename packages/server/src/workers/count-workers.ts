import { availableParallelism } from 'node:os';
import type { Config } from '../config/config-schema.ts';
import { ConfigurationError } from '../config/configuration-error.ts';
import type { Environment } from '../config/environment.ts';

/**
 * How many processes serve.
 *
 * @throws ConfigurationError for more than one without Redis and a database: each would remember sessions and roles that
 *   another has ended, and it would not be told.
 */
export function countWorkers({ workers }: Config, { redisUrl, databaseUrl }: Environment): number {
  const missing = [
    ...(redisUrl === undefined ? ['REDIS_URL'] : []),
    ...(databaseUrl === undefined ? ['DATABASE_URL'] : []),
  ];
  if (workers !== 1 && missing.length > 0) {
    throw new ConfigurationError('environment', [
      {
        key: 'workers',
        problem: `is more than one, which needs ${missing.join(' and ')}: without a shared bus and database one worker would go on believing what another has revoked`,
      },
    ]);
  }
  return workers === 'auto' ? availableParallelism() : workers;
}
