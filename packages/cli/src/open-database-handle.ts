import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Closing, Config, Environment } from '@sallyport/server';
import { silentLogger } from '@sallyport/core';
import type { DatabaseHandle } from '@sallyport/identity';
import { openEmbeddedDatabase, openExternalDatabase, waitForDatabase } from '@sallyport/stores';

/** The file of the embedded database. */
export function embeddedFileOf({ dataDir }: Config): string {
  return join(dataDir, 'sallyport.db');
}

/**
 * Opens the database itself: nothing is migrated, claimed or read. An external one is waited for.
 *
 * @param whenAbsent what stands in for an embedded database that does not exist: a file, or nothing but memory.
 */
export async function openDatabaseHandle(
  { config, environment }: { readonly config: Config; readonly environment: Environment },
  closing: Closing,
  whenAbsent: 'make' | 'pretend',
): Promise<DatabaseHandle> {
  if (environment.databaseUrl === undefined) {
    const file = embeddedFileOf(config);
    const isPretended = whenAbsent === 'pretend' && !existsSync(file);
    const database = openEmbeddedDatabase({ file: isPretended ? ':memory:' : file });
    closing.push(() => database.close());
    return { kind: 'sqlite', database };
  }
  const external = openExternalDatabase(
    { url: environment.databaseUrl, directUrl: environment.databaseDirectUrl },
    silentLogger,
  );
  closing.push(() => external.close());
  await waitForDatabase(external);
  return external;
}
