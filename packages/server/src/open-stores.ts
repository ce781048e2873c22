import { join } from 'node:path';
import type {
  Broadcast,
  Counters,
  InvalidationBus,
  Logger,
  Meter,
  Records,
  RotatingKeyRing,
  SealerFor,
  SessionStore,
} from '@sallyport/core';
import {
  createInProcessBus,
  createInProcessCounters,
  createRecordSessionStore,
  createSealer,
  endAgain,
  loadRootSecret,
  openEndedSessions,
  watchForRestore,
} from '@sallyport/stores';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import type { Environment } from './config/environment.ts';
import { openConfiguredKeyRing } from './open-configured-key-ring.ts';
import { watchDataFolderSpace } from './data-folder-space.ts';
import { openDatabase, type GatewayDatabase } from './open-database.ts';
import { openRedisStores, type RedisStores } from './open-redis-stores.ts';
import { watchReadiness } from './readiness.ts';
import { readTokenSecret } from './read-token-secret.ts';

/** Where the stores are that have credentials of their own. */
type StoreAddresses = Pick<Environment, 'databaseUrl' | 'databaseDirectUrl' | 'redisUrl'>;

/** Everything that outlives a request: where accounts, sessions, keys and counters are kept, and how caches hear of changes. */
export interface Stores {
  readonly database: GatewayDatabase;
  readonly sessions: SessionStore;
  readonly counters: Counters;
  readonly bus: InvalidationBus;
  /** Opens a channel to the other gateways for what may be lost; absent where there are none. */
  readonly openBroadcast?: (name: string) => Broadcast;
  /** Not started: a process that stays keeps it up to date. */
  readonly keyRing: RotatingKeyRing;
  readonly sealerFor: SealerFor;
  /** Whether all of them answer now, and can take what has to be written. */
  readonly isReady: () => boolean;
  /** `false` while the data folder is full, where something is kept in it. */
  readonly hasRoom: () => boolean;
  /**
   * Writes that this gateway runs, and ends every session when the stores were restored. For gateways alone: a command
   * would hide for how long none ran.
   */
  readonly watchForRestore: () => Promise<void>;
  /** Uses the credentials of these addresses of the same stores, from the next connections on. Throws, and has changed nothing, when it cannot. */
  readonly useCredentials: (addresses: StoreAddresses) => void;
}

/** What stores are opened with. */
export interface StoresComposition {
  readonly config: Config;
  readonly environment: Environment;
  readonly logger: Logger;
  /** Takes what the checks of the stores warn of. @default logger */
  readonly checkLogger?: Logger | undefined;
  readonly closing: Closing;
  /**
   * `exclusive` for a gateway and for a command that changes something: without Redis it must be alone on the database.
   * `shared` for a command that only reads, beside a gateway. @default 'exclusive'
   */
  readonly use?: 'exclusive' | 'shared';
  readonly meter?: Meter | undefined;
  /** How long a store that does not answer is waited for. @default 30000 */
  readonly waitMilliseconds?: number | undefined;
  /** Called when the database answers and is claimed, where it has to be, and before anything in it is changed. */
  readonly onClaimed?: (() => Promise<void>) | undefined;
}

/**
 * Opens the stores that the environment names: the embedded ones where it names none. Warnings of their checks are logged.
 *
 * @throws ConfigurationError when the secret that signs tokens is not as the configuration says, and when a check of the
 *   stores fails. OptionsError `SP_OPTIONS_UNREACHABLE` when a store does not answer. StoreInUse when another process is on
 *   the database, and must not be.
 */
export async function openStores(composition: StoresComposition): Promise<Stores> {
  const { config, environment, logger, closing, use = 'exclusive', meter, waitMilliseconds = 30_000 } = composition;
  const { checkLogger = logger } = composition;
  const isClaimed = use === 'exclusive';
  const rootSecret = loadRootSecret({ dataDir: config.dataDir, environmentValue: environment.secret });
  const tokenSecret = readTokenSecret(config, environment, () => rootSecret);
  const sealerFor = createSealer(rootSecret);
  const url = environment.redisUrl;
  const redis =
    url === undefined
      ? undefined
      : await openRedisStores({ url, config, sealerFor, logger, checkLogger, closing, waitMilliseconds });
  const local = createInProcessBus({ logger });
  // With Redis nothing is claimed, and this bus has no subscriber.
  const onClaimLost = (): void => local.announceGap();
  const database = await openDatabase({ ...composition, checkLogger, isClaimed, onClaimLost, waitMilliseconds });
  const { records } = database;
  const bus = redis?.bus ?? local;
  const readiness = watchReadiness(records, bus);
  closing.push(readiness.stop);
  const space = isDataKept(environment) ? watchDataFolderSpace({ dataDir: config.dataDir, logger }) : undefined;
  closing.push(() => space?.stop());
  const hasRoom = (): boolean => space?.hasRoom() ?? true;
  let current: StoreAddresses = environment;
  const keyRing = await openConfiguredKeyRing({ config, tokenSecret, database, sealerFor, bus, logger, meter });
  closing.push(() => keyRing.close());
  return {
    database,
    sessions: await openSessions({ redis, records, isClaimed, config, logger, closing }),
    counters: redis?.counters ?? createInProcessCounters(),
    bus,
    ...(redis === undefined ? {} : { openBroadcast: (name: string) => redis.openBroadcast(name) }),
    keyRing,
    sealerFor,
    isReady: () => readiness.isReady() && hasRoom(),
    hasRoom,
    watchForRestore: async () => {
      if (redis === undefined) return;
      const watch = await watchForRestore({
        records,
        second: redis.heartbeat,
        readClock: () => database.readClock(),
        endSessions: (before) => redis.endSessions(records, before),
        onEnded: () => redis.announceGap(),
        maxDowntimeMilliseconds: config.session.endAfterDowntimeSeconds * 1000,
        logger,
      });
      closing.push(() => watch.stop());
    },
    useCredentials: ({ databaseUrl, databaseDirectUrl, redisUrl }) => {
      if (databaseUrl !== undefined) database.useCredentials(databaseUrl, databaseDirectUrl);
      try {
        if (redisUrl !== undefined) redis?.useCredentials(redisUrl);
      } catch (error) {
        // Both or none: those before could be used.
        if (current.databaseUrl !== undefined) database.useCredentials(current.databaseUrl, current.databaseDirectUrl);
        throw error;
      }
      current = { databaseUrl, databaseDirectUrl, redisUrl };
    },
  };
}

/** Whether a gateway writes into its data folder while it serves: the embedded database, or the sessions that ended. */
function isDataKept({ databaseUrl, redisUrl }: Environment): boolean {
  return databaseUrl === undefined || redisUrl === undefined;
}

/** Where the sessions that ended are noted, beside a database that keeps them. */
export function endedSessionsFile(dataDir: string): string {
  return join(dataDir, 'ended-sessions.log');
}

interface SessionComposition {
  readonly redis: RedisStores | undefined;
  readonly records: Records;
  readonly isClaimed: boolean;
  readonly config: Config;
  readonly logger: Logger;
  readonly closing: Closing;
}

/**
 * Sessions in Redis, else in the database. Those that ended are noted in a second place as well, so that a restored
 * backup does not revive them: what Redis keeps in the database, what the database keeps in a file beside it.
 */
async function openSessions(composition: SessionComposition): Promise<SessionStore> {
  const { redis, records, isClaimed, config, logger, closing } = composition;
  if (redis !== undefined) return redis.sessions(records);
  // A process that only reads ends no session, and the file belongs to one process.
  if (!isClaimed) return createRecordSessionStore(records);
  const ended = await openEndedSessions(endedSessionsFile(config.dataDir));
  closing.push(() => ended.close());
  const count = await endAgain(records, ended.known);
  if (count > 0)
    logger.warn('sessions that had ended were live in the database and were ended again', {
      event: 'restored-sessions-ended',
      count,
    });
  return createRecordSessionStore(records, { ended });
}
