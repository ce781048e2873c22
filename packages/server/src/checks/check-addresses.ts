import { OptionsError, silentLogger, type CheckFinding } from '@sallyport/core';
import { openExternalDatabase, parsePostgresUrl, parseRedisUrl } from '@sallyport/stores';
import { readAuthorities } from '../open-redis-stores.ts';
import { findingsOf } from './findings-of.ts';
import type { StartCheck } from './start-context.ts';

/** Whether the addresses of stores can be understood. None is connected to. */
export const checkDatabaseAddresses: StartCheck = {
  name: 'address of the database',
  run: async ({ environment: { databaseUrl } }) => {
    if (databaseUrl === undefined) return [];
    let opened: ReturnType<typeof openExternalDatabase> | undefined;
    const failures = findingsOf(() => {
      opened = openExternalDatabase(databaseUrl, silentLogger);
    });
    await opened?.close();
    return failures;
  },
};

export const checkDirectAddress: StartCheck = {
  name: 'direct address of the database',
  run: ({ environment }) => {
    const { databaseDirectUrl } = environment;
    return databaseDirectUrl === undefined
      ? []
      : findingsOf(() => parsePostgresUrl(databaseDirectUrl, 'DATABASE_DIRECT_URL'));
  },
};

export const checkRedisAddress: StartCheck = {
  name: 'address of Redis',
  run: ({ environment: { redisUrl } }) => {
    if (redisUrl === undefined) return [];
    try {
      parseRedisUrl(redisUrl);
      return [];
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error;
      return [{ kind: 'failure', key: 'REDIS_URL', finding: error.message }] satisfies readonly CheckFinding[];
    }
  },
};

export const checkRedisAuthorities: StartCheck = {
  name: 'authorities of Redis',
  run: ({ config, environment: { redisUrl } }) => {
    if (redisUrl === undefined) return [];
    const { caFile } = config.redis;
    return caFile === undefined ? [] : findingsOf(() => readAuthorities(caFile));
  },
};
