import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { SallyportError } from '@sallyport/nestjs';

/** SQLite's busy, locked, out of memory, read-only, input/output error, corrupt, full and cannot open. */
const databaseFaults: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 11, 13, 14]);

/** What SQLite says when the primary key is taken. */
const primaryKeyTaken = 1555;

/** How long a call waits for another process, in milliseconds. Nothing else happens meanwhile, so it is short. */
const busyMilliseconds = 250;

/** Opens a SQLite file, whose folder is made where it is missing, or a database in memory. */
export function openSqlite(file: string | undefined): DatabaseSync {
  if (file !== undefined) mkdirSync(path.dirname(file), { recursive: true });
  const database = new DatabaseSync(file ?? ':memory:', { timeout: busyMilliseconds });
  database.exec('PRAGMA journal_mode = WAL');
  return database;
}

/** Parameters as SQLite takes them: it has no booleans. */
export function toSqliteValues(parameters: readonly (string | number | boolean)[]): SQLInputValue[] {
  return parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value));
}

/** Does all of the work or none of it, with no other writer in between. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (cause) {
    database.exec('ROLLBACK');
    throw cause;
  }
}

/**
 * Runs a query. A database that is busy, full or gone is no mistake of the caller: it rejects with `SP_STORE_UNAVAILABLE`
 * (503), and never 500 or a half-made change; with `SP_CONFLICT` for a primary key that is taken.
 */
export async function answeringSqlite<Result>(work: () => Result): Promise<Result> {
  try {
    return work();
  } catch (cause) {
    if (isDatabaseFault(cause)) throw new SallyportError('SP_STORE_UNAVAILABLE', { cause });
    if (isPrimaryKeyTaken(cause)) throw new SallyportError('SP_CONFLICT', { cause });
    throw cause;
  }
}

function isPrimaryKeyTaken(cause: unknown): boolean {
  return cause instanceof Error && 'errcode' in cause && cause.errcode === primaryKeyTaken;
}

function isDatabaseFault(cause: unknown): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return false;
  // What node:sqlite says when the database was closed.
  if (cause.code === 'ERR_INVALID_STATE') return true;
  // The low byte is the primary code; the rest says more precisely where.
  return 'errcode' in cause && typeof cause.errcode === 'number' && databaseFaults.has(cause.errcode & 0xff);
}
