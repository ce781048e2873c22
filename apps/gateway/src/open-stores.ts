import { join } from 'node:path';
import type { Counters, InvalidationBus, KeyRing, Logger, SealerFor, SessionStore } from '@sallyport/core';
import type { IdentityDatabase } from '@sallyport/identity';
import {
  claimDataFolder,
  createInProcessBus,
  createInProcessCounters,
  createRecordSessionStore,
  createSealer,
  endAgain,
  loadRootSecret,
  openEndedSessions,
  openKeyRing,
} from '@sallyport/stores';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import type { Environment } from './config/environment.ts';
import { openDatabase } from './open-database.ts';

/** Everything that outlives a request: where accounts, sessions, keys and counters are kept, and how caches hear of changes. */
export interface Stores {
  readonly database: IdentityDatabase;
  readonly sessions: SessionStore;
  readonly counters: Counters;
  readonly bus: InvalidationBus;
  readonly keyRing: KeyRing;
  readonly sealerFor: SealerFor;
}

/** Opens the stores that the environment names: the embedded ones where it names none. */
export async function openStores(
  config: Config,
  environment: Environment,
  logger: Logger,
  closing: Closing,
): Promise<Stores> {
  closing.push(claimDataFolder(config.dataDir));
  const sealerFor = createSealer(loadRootSecret({ dataDir: config.dataDir, environmentValue: environment.secret }));
  const bus = createInProcessBus({ logger });
  const onClaimLost = (): void => bus.announceGap();
  const database = await openDatabase({ config, environment, logger, closing, onClaimLost });
  return {
    database,
    sessions: await openSessions(config, database, logger, closing),
    counters: createInProcessCounters(),
    bus,
    keyRing: await openKeyRing({ records: database.records, sealer: sealerFor('key-ring') }),
    sealerFor,
  };
}

/** Sessions in the database. Those that ended are noted beside it as well, so that a restored backup does not revive them. */
async function openSessions(
  config: Config,
  { records }: IdentityDatabase,
  logger: Logger,
  closing: Closing,
): Promise<SessionStore> {
  const ended = await openEndedSessions(join(config.dataDir, 'ended-sessions.log'));
  closing.push(() => ended.close());
  const count = await endAgain(records, ended.known);
  if (count > 0) logger.warn('sessions that had ended were live in the database and were ended again', { count });
  return createRecordSessionStore(records, { ended });
}
