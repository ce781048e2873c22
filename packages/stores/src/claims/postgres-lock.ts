import { setTimeout as delay } from 'node:timers/promises';
import { OptionsError } from '@sallyport/core';
import type { DedicatedConnection, PostgresDatabase } from '../postgres/open-postgres.ts';
import type { HeldLock } from './held-lock.ts';
import { examineLockConnection, readProcessId, refuseShared } from './lock-connection.ts';

/** Any number that nothing else in the database uses; the second half of the lock is the schema. */
const lockClass = 1_396_788_293;

const pollMilliseconds = 250;
const proofMilliseconds = 3_000;
/** Without an answer for this long the server may have given the lock to another process. */
const silenceMilliseconds = 10_000;

/** Whether the database that requests are served from knows the lock as that of one process. */
const visibleLock = `SELECT EXISTS (
  SELECT 1 FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND pid = $1 AND classid = $2::bigint::oid
    AND objid = (hashtext(current_schema())::bigint & 4294967295)::oid
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS visible`;

/**
 * Takes an advisory lock that lasts as long as its connection. It is believed only while that connection answers, and while
 * the database that serves requests sees it: another address may lead to another server, before or after a failover.
 *
 * @throws OptionsError that says what to do, where a pooler shares the sessions of the server, and where the lock cannot be
 *   seen from the connections of requests.
 */
export async function takePostgresLock(
  database: PostgresDatabase,
  waitMilliseconds: number,
): Promise<HeldLock | undefined> {
  const connection = await database.dedicated.connect();
  let isLost = false;
  connection.onEnd(() => (isLost = true));
  try {
    const kind = await examineLockConnection(connection, database.dedicated);
    refuseShared(kind);
    if (!(await tryLock(connection, kind === 'direct', waitMilliseconds))) {
      connection.release();
      return undefined;
    }
    const processId = await readProcessId(connection);
    if (!(await isVisible(database, processId)))
      throw new OptionsError(
        'DATABASE_DIRECT_URL leads to another server, database or schema than DATABASE_URL: the lock of this gateway cannot be seen there.',
      );
    let provenAt = performance.now();
    const prove = async (): Promise<void> => {
      const startedAt = performance.now();
      await connection.query('SELECT 1').then(
        () => (provenAt = startedAt),
        () => (isLost = true),
      );
      // A busy pool proves nothing; a database without the lock does.
      if (!(await isVisible(database, processId).catch(() => true))) isLost = true;
    };
    const timer = setInterval(() => void prove(), proofMilliseconds);
    timer.unref();
    return {
      isHeld: () => !isLost && performance.now() - provenAt < silenceMilliseconds,
      release: async () => {
        isLost = true;
        clearInterval(timer);
        connection.release();
      },
    };
  } catch (error) {
    connection.release();
    throw error;
  }
}

/**
 * On the server itself the lock is one of the session. Behind something that answers in its place it is one of a
 * transaction that stays open, during which no pooler gives the session to another client.
 */
async function tryLock(connection: DedicatedConnection, isDirect: boolean, waitMilliseconds: number): Promise<boolean> {
  if (!isDirect) {
    await connection.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    await connection.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  }
  const name = isDirect ? 'pg_try_advisory_lock' : 'pg_try_advisory_xact_lock';
  const deadline = performance.now() + waitMilliseconds;
  for (;;) {
    const { rows } = await connection.query<{ taken: boolean }>(
      `SELECT ${name}($1, hashtext(current_schema())) AS taken`,
      [lockClass],
    );
    if (rows[0]?.taken === true) return true;
    if (performance.now() > deadline) return false;
    await delay(pollMilliseconds);
  }
}

async function isVisible({ pool }: PostgresDatabase, processId: number): Promise<boolean> {
  const connection = await pool.connect();
  try {
    const { rows } = await connection.query<{ visible: boolean }>(visibleLock, [processId, lockClass]);
    return rows[0]?.visible === true;
  } finally {
    connection.release();
  }
}
