import { OptionsError, SallyportError, withTimeout } from '@sallyport/core';
import type { DedicatedConnection, DedicatedConnections } from '../postgres/open-postgres.ts';

/**
 * What stands behind a connection: the server itself; something that answers in its place, and was not seen to lend the
 * server's session to others (a session pooler, a proxy of a host); or a pooler that lends it between transactions.
 */
export type LockConnectionKind = 'direct' | 'relayed' | 'shared';

/** What an operator does where sessions are shared. */
export const sharedConnectionAdvice =
  'A pooler lends the sessions of the database to several clients, and without Redis a gateway holds a lock in a session ' +
  'of its own. Set DATABASE_DIRECT_URL to the address of the database past the pooler, or set REDIS_URL';

/** How long the server is waited for; a pooler whose sessions are all taken lets callers wait. */
const patienceMilliseconds = 5_000;

/** Finds out whether a lock of a session would be this connection's. Rejects with `SP_STORE_UNAVAILABLE`. */
export async function examineLockConnection(
  connection: DedicatedConnection,
  { connect }: Pick<DedicatedConnections, 'connect'>,
): Promise<LockConnectionKind> {
  const first = await readProcessId(connection);
  // The server said at the start which process it is; a pooler makes that number up.
  if (connection.processId === first) return 'direct';
  const other = await connect();
  try {
    return await withTimeout(compare(connection, first, other), patienceMilliseconds, () => {
      throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'pooler-exhausted' });
    });
  } finally {
    other.release(true);
  }
}

/** Of a pooler this transaction gets the session that was free last, or else the next question gets another one. */
async function compare(
  connection: DedicatedConnection,
  first: number,
  other: DedicatedConnection,
): Promise<LockConnectionKind> {
  await other.query('BEGIN');
  if ((await readProcessId(other)) === first) return 'shared';
  return (await readProcessId(connection)) === first ? 'relayed' : 'shared';
}

/** Finds it out on connections of its own. Rejects with `SP_STORE_UNAVAILABLE`. */
export async function examineDatabaseLock({
  dedicated,
}: {
  readonly dedicated: Pick<DedicatedConnections, 'connect'>;
}): Promise<LockConnectionKind> {
  const connection = await dedicated.connect();
  try {
    return await examineLockConnection(connection, dedicated);
  } finally {
    connection.release(true);
  }
}

/** @throws OptionsError that says what to do, where sessions are shared. */
export function refuseShared(kind: LockConnectionKind): void {
  if (kind === 'shared') throw new OptionsError(`${sharedConnectionAdvice}.`, 'SP_OPTIONS_INVALID');
}

export async function readProcessId(connection: DedicatedConnection): Promise<number> {
  const { rows } = await connection.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}
