import { join } from 'node:path';
import type { Counters, InvalidationBus, KeyRing, Logger, SealerFor, SessionStore } from '@sallyport/core';
import { openIdentityDatabase, type IdentityDatabase } from '@sallyport/identity';
import {
  claimDataFolder,
  createInProcessBus,
  createInProcessCounters,
  createRecordSessionStore,
  createSealer,
  keyTable,
  loadRootSecret,
  openEmbeddedDatabase,
  openKeyRing,
  sessionTable,
} from '@sallyport/stores';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import type { Environment } from './config/environment.ts';

/** Everything that outlives a request: where accounts, sessions, keys and counters are kept, and how caches hear of changes. */
export interface Stores {
  readonly database: IdentityDatabase;
  readonly sessions: SessionStore;
  readonly counters: Counters;
  readonly bus: InvalidationBus;
  readonly keyRing: KeyRing;
  readonly sealerFor: SealerFor;
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
  const file = openEmbeddedDatabase({ file: join(config.dataDir, 'sallyport.db') });
  closing.push(() => file.close());
  const database = await openIdentityDatabase({ database: file, tables: [sessionTable, keyTable], logger });
  return {
    database,
    sessions: createRecordSessionStore(database.records),
    counters: createInProcessCounters(),
    bus: createInProcessBus({ logger }),
    keyRing: await openKeyRing({ records: database.records, sealer: sealerFor('key-ring') }),
    sealerFor,
  };
}
