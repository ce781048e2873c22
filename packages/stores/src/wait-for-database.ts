import { setTimeout as delay } from 'node:timers/promises';
import { OptionsError, isStoreFault, silentLogger, storeFaultWordOf, type Logger } from '@sallyport/core';
import type { ExternalDatabase } from './open-database.ts';
import { postgresAdviceOf } from './postgres/postgres-errors.ts';

export interface DatabaseWaitOptions {
  /** How long a database that is down is waited for; 0 asks once. @default 30000 */
  readonly maximumMilliseconds?: number;
  /** @default silentLogger */
  readonly logger?: Logger;
}

const pauseMilliseconds = 1_000;

/** What no wait can repair: a password, a database or a user that is not there. */
const finalWords = /^(?:28\d{3}|28P01|3D000|18|13)$/;

/**
 * Waits until a database answers, so that a gateway may be started before it.
 *
 * @throws OptionsError that says what to do, and neither where the database is nor who asks. At once when the database answers that
 *   it does not let this user in, and when a setting has to be changed first.
 */
export async function waitForDatabase(database: ExternalDatabase, options: DatabaseWaitOptions = {}): Promise<void> {
  const { maximumMilliseconds = 30_000, logger = silentLogger } = options;
  const deadline = performance.now() + maximumMilliseconds;
  const waited = maximumMilliseconds === 0 ? '' : `, and was waited for ${Math.round(maximumMilliseconds / 1000)} s`;
  for (;;) {
    try {
      await ping(database);
      return;
    } catch (error) {
      if (!isStoreFault(error)) throw error;
      const advice = postgresAdviceOf(error);
      if (advice !== undefined) throw new OptionsError(`${advice}.`, 'SP_OPTIONS_UNREACHABLE', { cause: error });
      const word = storeFaultWordOf(error);
      if (finalWords.test(word))
        throw new OptionsError(
          `The database does not let Sallyport in (${word}). Check the user, the password and the name of the database in DATABASE_URL.`,
          'SP_OPTIONS_UNREACHABLE',
        );
      if (performance.now() >= deadline)
        throw new OptionsError(
          `The database does not answer (${word})${waited}. Check that it runs and that DATABASE_URL points at it.`,
          'SP_OPTIONS_UNREACHABLE',
        );
      logger.warn('the database does not answer yet', { event: 'database-not-answering', error: word });
      await delay(pauseMilliseconds);
    }
  }
}

async function ping(database: ExternalDatabase): Promise<void> {
  if (database.kind === 'mongodb') {
    await database.client.db(database.databaseName).command({ ping: 1 });
    return;
  }
  const connection = await database.pool.connect();
  try {
    // In a transaction, as much of what follows is.
    await connection.query('BEGIN');
    await connection.query('SELECT 1');
    await connection.query('COMMIT');
  } catch (error) {
    connection.release(true);
    throw error;
  }
  connection.release();
}
