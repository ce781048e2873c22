import type { ExternalDatabase } from './open-database.ts';

/**
 * Asks a database what time it is.
 *
 * @returns its time, or rejects as its driver does: `isStoreFault` and `storeFaultWordOf` say what that means.
 */
export async function readDatabaseClock(database: ExternalDatabase): Promise<Date> {
  if (database.kind === 'mongodb') {
    const { localTime } = await database.client.db(database.databaseName).command({ hello: 1 });
    if (localTime instanceof Date) return localTime;
    throw new TypeError('the database does not say what time it is');
  }
  const connection = await database.pool.connect();
  try {
    const sql = 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at';
    const { rows } = await connection.query<{ at: number }>(sql);
    return new Date(rows[0]?.at ?? Number.NaN);
  } finally {
    connection.release();
  }
}
