import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger, storeFaultWordOf, type Logger } from '@sallyport/core';
import { leaseMilliseconds, takeMongoLease } from '../mongodb/mongo-lease.ts';
import type { ExternalDatabase } from '../open-database.ts';
import type { HeldLock } from './held-lock.ts';
import { takePostgresLock } from './postgres-lock.ts';
import { StoreInUse } from './store-in-use.ts';

export interface DatabaseClaimOptions {
  readonly database: ExternalDatabase;
  /** Called when another process may hold the database: nothing that was cached may be believed. */
  readonly onLost?: () => void;
  readonly logger?: Logger;
  /** How long another holder may take to let go. @default 5 s more than a killed holder keeps its claim */
  readonly waitMilliseconds?: number;
}

/** The claim of this process on a database. */
export interface DatabaseClaim {
  /** While it is `false` another process may use the database: nothing may be read or written. */
  isHeld(): boolean;
  /** Gives the database back. */
  release(): Promise<void>;
}

const claimName = 'gateway';

/** Longer than a server needs to notice that a killed process is gone. */
const defaultWaitMilliseconds = leaseMilliseconds + 5_000;
const watchMilliseconds = 500;

/**
 * Claims a database for this process. Without Redis the caches of a process follow only its own changes, so that a
 * second gateway on the same database would go on honouring a session that the first one ended.
 *
 * On PostgreSQL the claim is an advisory lock that ends with the connection, on MongoDB a document whose holder shows that
 * it lives. A claim that is lost is taken again as soon as it can be.
 *
 * @throws StoreInUse, which says what to do, when another process holds the database; `SP_STORE_UNAVAILABLE`.
 */
export async function claimDatabase(options: DatabaseClaimOptions): Promise<DatabaseClaim> {
  const { database, onLost = () => {}, logger = silentLogger, waitMilliseconds = defaultWaitMilliseconds } = options;
  const first = await takeLock(database, waitMilliseconds);
  if (first === undefined)
    throw new StoreInUse(
      'Another gateway uses this database. Stop it, or set REDIS_URL for both: without Redis only one gateway process may use a database.',
    );
  let lock: HeldLock = first;
  let wasHeld = true;
  let isReleased = false;
  let retaking: Promise<void> | undefined;

  const retake = async (): Promise<void> => {
    try {
      await lock.release().catch(() => {});
      const next = await takeLock(database, 0);
      if (next === undefined) return;
      lock = next;
      wasHeld = true;
      logger.info('the database is claimed again', { event: 'database-claim-regained' });
    } catch (error) {
      logger.warn('the database cannot be claimed yet', {
        event: 'database-claim-failed',
        error: storeFaultWordOf(error),
      });
    } finally {
      await delay(watchMilliseconds);
    }
  };
  const timer = setInterval(() => {
    if (isReleased || lock.isHeld()) return;
    if (wasHeld) {
      wasHeld = false;
      logger.error('the claim on the database was lost: nothing is served from it until it is held again', {
        event: 'database-claim-lost',
      });
      onLost();
    }
    retaking ??= retake().finally(() => (retaking = undefined));
  }, watchMilliseconds);
  timer.unref();

  return {
    isHeld: () => !isReleased && lock.isHeld(),
    release: async () => {
      isReleased = true;
      clearInterval(timer);
      await retaking;
      await lock.release();
    },
  };
}

function takeLock(database: ExternalDatabase, wait: number): Promise<HeldLock | undefined> {
  return database.kind === 'postgres'
    ? takePostgresLock(database, wait)
    : takeMongoLease({
        client: database.client,
        databaseName: database.databaseName,
        name: claimName,
        waitMilliseconds: wait === 0 ? leaseMilliseconds + watchMilliseconds : wait,
      });
}
