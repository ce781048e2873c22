import { readFileSync } from 'node:fs';
import {
  OptionsError,
  SallyportError,
  type Broadcast,
  type Counters,
  type InvalidationBus,
  type Logger,
  type Records,
  type SealerFor,
  type SessionStore,
} from '@sallyport/core';
import {
  createEndedSessionLedger,
  createRedisBroadcast,
  createRedisBus,
  createRedisCounters,
  createRedisHeartbeat,
  createRedisSessionStore,
  openRedis,
  type Redis,
  type SecondHeartbeat,
} from '@sallyport/stores';
import { readRedisContext, redisChecks } from './checks/redis-checks.ts';
import { requireChecks } from './checks/require-checks.ts';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import { ConfigurationError } from './config/configuration-error.ts';

/** Where Redis is, and how it is spoken to. */
export interface RedisAddressing {
  /** The value of REDIS_URL. */
  readonly url: string;
  readonly config: Config;
  readonly logger: Logger;
}

export interface RedisComposition extends RedisAddressing {
  /** Takes what the checks of Redis warn of. */
  readonly checkLogger: Logger;
  readonly sealerFor: SealerFor;
  readonly closing: Closing;
  /** How long Redis is waited for. */
  readonly waitMilliseconds: number;
}

/** What several gateways share through one Redis. */
export interface RedisStores {
  readonly counters: Counters;
  readonly bus: InvalidationBus;
  /** The ledger of sessions that ended is in the database. */
  sessions(records: Records): SessionStore;
  /** Ends every session that was created before. */
  endSessions(records: Records, before: Date): Promise<void>;
  /** Where gateways write that they run, beside the database. */
  readonly heartbeat: SecondHeartbeat;
  /** Opens a channel to the other gateways for what may be lost. */
  openBroadcast(name: string): Broadcast;
  /** Drops what caches of this process hold. */
  announceGap(): void;
  /** Uses the credentials of another address of the same Redis, from the next connection on. */
  useCredentials(url: string): void;
}

/** Opens what is kept in Redis. It is waited for, so that a gateway may be started before it. */
export async function openRedisStores(composition: RedisComposition): Promise<RedisStores> {
  const { config, sealerFor, logger, checkLogger, closing, waitMilliseconds } = composition;
  const redis = openConfiguredRedis(composition);
  closing.push(() => redis.close());
  await waitForRedis(redis, waitMilliseconds);
  await requireChecks('Redis', redisChecks, await readRedisContext(redis), checkLogger);
  const bus = createRedisBus({ redis, sealer: sealerFor('invalidation-bus'), logger });
  closing.push(() => bus.close());
  const longestLifeSeconds = config.session.absoluteSeconds;
  return {
    counters: createRedisCounters({ redis }),
    bus,
    sessions: (records) =>
      createRedisSessionStore({
        redis,
        records,
        sealer: sealerFor('session-record'),
        longestLifeSeconds,
      }),
    endSessions: (records, before) =>
      createEndedSessionLedger({ records, sealer: sealerFor('session-record'), longestLifeSeconds }).noteEverySession({
        at: before,
        reason: 'stores-restored',
      }),
    heartbeat: createRedisHeartbeat(redis),
    openBroadcast: (name) => {
      const broadcast = createRedisBroadcast({ redis, name, sealer: sealerFor(`broadcast-${name}`) });
      closing.push(() => broadcast.close());
      return broadcast;
    },
    announceGap: () => bus.announceGap(),
    useCredentials: (url) => redis.useCredentials(url),
  };
}

/**
 * Opens the Redis of REDIS_URL as the configuration says, and does not wait for it.
 *
 * @throws ConfigurationError that names what cannot be used, and never its value.
 */
export function openConfiguredRedis({ url, config, logger }: RedisAddressing): Redis {
  const { prefix, caFile } = config.redis;
  const ca = caFile === undefined ? {} : { ca: readAuthorities(caFile) };
  try {
    return openRedis({ url, prefix, logger, ...ca });
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    throw new ConfigurationError('environment', [{ key: 'REDIS_URL', problem: error.message }]);
  }
}

/** @throws ConfigurationError when the file cannot be read. */
export function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigurationError('redis', [{ key: 'redis.caFile', problem: 'names a file that cannot be read' }]);
  }
}

/** @throws OptionsError that says what to do, and never where Redis is. */
export async function waitForRedis(redis: Redis, waitMilliseconds: number): Promise<void> {
  try {
    await redis.ready(waitMilliseconds);
  } catch (error) {
    const word = error instanceof SallyportError ? error.reason : 'unknown';
    throw new OptionsError(
      `Redis does not answer (${word}), and was waited for ${waitMilliseconds / 1000} s. Check that it runs, that REDIS_URL points at it, and the user and password there.`,
      'SP_OPTIONS_UNREACHABLE',
      { cause: error },
    );
  }
}
