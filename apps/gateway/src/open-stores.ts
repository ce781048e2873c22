import { join } from 'node:path';
import type { Counters, InvalidationBus, KeyRing, Logger, SealerFor, SessionStore } from '@sallyport/core';
import { openIdentityDatabase, type IdentityDatabase } from '@sallyport/identity';
import {
  claimDataFolder,
  createInProcessBus,
  createInProcessCounters,
  createRecordSessionStore,
  createSealer,
  endedSessionTable,
  keyTable,
  loadRootSecret,
  openEmbeddedDatabase,
  openKeyRing,
  sessionTable,
} from '@sallyport/stores';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import type { Environment } from './config/environment.ts';
import { openRedisStores } from './open-redis-stores.ts';
import { watchReadiness } from './readiness.ts';

/** Everything that outlives a request: where accounts, sessions, keys and counters are kept, and how caches hear of changes. */
export interface Stores {
  readonly database: IdentityDatabase;
  readonly sessions: SessionStore;
  readonly counters: Counters;
  readonly bus: InvalidationBus;
  readonly keyRing: KeyRing;
  readonly sealerFor: SealerFor;
  /** Whether all of them answer now. */
  readonly isReady: () => boolean;
}

/**
 * Opens the stores that the environment names: the embedded ones where it names none.
 *
 * @param use `exclusive` for a gateway, which claims the data folder of embedded stores; `shared` for a command that runs
 *   beside one, or has claimed the folder itself.
 */
export async function openStores(
  config: Config,
  environment: Environment,
  logger: Logger,
  closing: Closing,
  use: 'exclusive' | 'shared' = 'exclusive',
): Promise<Stores> {
  if (use === 'exclusive') closing.push(claimDataFolder(config.dataDir));
  const sealerFor = createSealer(loadRootSecret({ dataDir: config.dataDir, environmentValue: environment.secret }));
  const url = environment.redisUrl;
  const redis = url === undefined ? undefined : await openRedisStores({ url, config, sealerFor, logger, closing });
  const file = openEmbeddedDatabase({ file: join(config.dataDir, 'sallyport.db') });
  closing.push(() => file.close());
  const tables = [sessionTable, endedSessionTable, keyTable];
  const database = await openIdentityDatabase({ database: file, tables, logger });
  const bus = redis?.bus ?? createInProcessBus({ logger });
  const readiness = watchReadiness(database.records, bus);
  closing.push(readiness.stop);
  return {
    database,
    sessions: redis?.sessions(database.records) ?? createRecordSessionStore(database.records),
    counters: redis?.counters ?? createInProcessCounters(),
    bus,
    keyRing: await openKeyRing({ records: database.records, sealer: sealerFor('key-ring') }),
    sealerFor,
    isReady: readiness.isReady,
  };
}
