import { join } from 'node:path';
import type { Logger } from '@sallyport/core';
import { openIdentityDatabase, type IdentityDatabase } from '@sallyport/identity';
import {
  claimDataFolder,
  claimDatabase,
  openEmbeddedDatabase,
  openExternalDatabase,
  readDatabaseClock,
  waitForDatabase,
  type DatabaseClaim,
} from '@sallyport/stores';
import { databaseChecks, readDatabaseContext, type OpenedDatabase } from './checks/database-checks.ts';
import { requireChecks } from './checks/require-checks.ts';
import type { Closing } from './closing.ts';
import type { Config } from './config/config-schema.ts';
import { databaseTables } from './features.ts';
import type { Environment } from './config/environment.ts';

export interface DatabaseComposition {
  readonly config: Config;
  readonly environment: Environment;
  readonly logger: Logger;
  /** Takes what the checks of the database warn of. */
  readonly checkLogger: Logger;
  readonly closing: Closing;
  /** How long an external database is waited for. */
  readonly waitMilliseconds: number;
  /** Whether this process must be the only one on the database, unless Redis keeps several in step. */
  readonly isClaimed: boolean;
  /** Called when another process may use the database: nothing that was cached may be believed. */
  readonly onClaimLost: () => void;
  /** Called when the database answers and is claimed, where it has to be, and before anything in it is changed. */
  readonly onClaimed?: (() => Promise<void>) | undefined;
}

/** The database of a gateway, and the time by which all of its processes agree. */
export interface GatewayDatabase extends IdentityDatabase {
  readClock(): Promise<Date>;
  /** Uses the credentials of other addresses of the same database, from the next connection on; without effect elsewhere than on PostgreSQL. */
  useCredentials(url: string, directUrl?: string): void;
}

/**
 * Opens the database of accounts and records: the one that DATABASE_URL names, else the embedded one. It is waited for,
 * claimed unless Redis keeps several gateways in step, and migrated.
 */
export async function openDatabase(composition: DatabaseComposition): Promise<GatewayDatabase> {
  const { config, environment, logger, closing } = composition;
  if (environment.databaseUrl === undefined) {
    // Also with Redis: SQLite is for the processes of one machine, and its locks are waited for on the event loop.
    if (composition.isClaimed) closing.push(claimDataFolder(config.dataDir));
    const file = openEmbeddedDatabase({ file: join(config.dataDir, 'sallyport.db') });
    closing.push(() => file.close());
    const database = await open({ kind: 'sqlite', database: file }, undefined, composition);
    return { ...database, readClock: async () => new Date(), useCredentials: () => {} };
  }
  const external = openExternalDatabase(
    { url: environment.databaseUrl, directUrl: environment.databaseDirectUrl },
    logger,
  );
  closing.push(() => external.close());
  await waitForDatabase(external, { maximumMilliseconds: composition.waitMilliseconds, logger });
  const claim =
    composition.isClaimed && environment.redisUrl === undefined
      ? await claimDatabase({ database: external, onLost: composition.onClaimLost, logger })
      : undefined;
  if (claim !== undefined) closing.push(() => claim.release());
  const database = await open(external, claim, composition);
  return {
    ...database,
    readClock: () => readDatabaseClock(external),
    useCredentials: (url, directUrl) => {
      if (external.kind === 'postgres') external.useCredentials(url, directUrl);
    },
  };
}

async function open(
  handle: OpenedDatabase,
  claim: DatabaseClaim | undefined,
  { environment, logger, checkLogger, onClaimed }: DatabaseComposition,
): Promise<IdentityDatabase> {
  await onClaimed?.();
  await requireChecks('database', databaseChecks, await readDatabaseContext(handle, environment), checkLogger);
  return openIdentityDatabase({
    database: handle,
    tables: databaseTables,
    isUsable: () => claim === undefined || claim.isHeld(),
    logger,
  });
}
