import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresDatabase } from '../postgres/open-postgres.ts';
import type { HeldLock } from './held-lock.ts';

/** Any number that nothing else in the database uses; the second half of the lock is the schema. */
const lockClass = 1_396_788_293;

const pollMilliseconds = 250;
const proofMilliseconds = 3_000;
/** Without an answer for this long the server may have given the lock to another process. */
const silenceMilliseconds = 10_000;

/** Takes an advisory lock that lasts as long as its connection. */
export async function takePostgresLock(
  { dedicated }: PostgresDatabase,
  waitMilliseconds: number,
): Promise<HeldLock | undefined> {
  const connection = await dedicated.connect();
  let isLost = false;
  connection.onEnd(() => (isLost = true));
  const deadline = performance.now() + waitMilliseconds;
  try {
    for (;;) {
      const { rows } = await connection.query<{ taken: boolean }>(
        'SELECT pg_try_advisory_lock($1, hashtext(current_schema())) AS taken',
        [lockClass],
      );
      if (rows[0]?.taken === true) break;
      if (performance.now() > deadline) {
        connection.release();
        return undefined;
      }
      await delay(pollMilliseconds);
    }
  } catch (error) {
    connection.release();
    throw error;
  }
  let provenAt = performance.now();
  const timer = setInterval(() => {
    const startedAt = performance.now();
    connection.query('SELECT 1').then(
      () => (provenAt = startedAt),
      () => (isLost = true),
    );
  }, proofMilliseconds);
  timer.unref();
  return {
    isHeld: () => !isLost && performance.now() - provenAt < silenceMilliseconds,
    release: async () => {
      isLost = true;
      clearInterval(timer);
      connection.release();
    },
  };
}
