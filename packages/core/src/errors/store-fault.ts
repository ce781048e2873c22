import { OptionsError } from '../options/options-error.ts';
import { SallyportError } from './sallyport-error.ts';

/** Primary result codes of SQLite that say "the database could not do its work", not "the statement is wrong". */
const sqliteFaults: ReadonlySet<number> = new Set([
  5, // BUSY
  6, // LOCKED
  7, // NOMEM
  8, // READONLY
  9, // INTERRUPT
  10, // IOERR
  11, // CORRUPT
  13, // FULL
  14, // CANTOPEN
  15, // PROTOCOL
  26, // NOTADB
]);

/** Extended result codes of SQLite for a second row with the same unique value. */
const sqliteDuplicates: ReadonlySet<number> = new Set([1555, 2067]);

/** Classes of SQLSTATE that mean an outage: connection, authorization, resources, an operator's intervention, the system. */
const postgresFaultClasses: ReadonlySet<string> = new Set(['08', '28', '53', '57', '58', 'F0', 'XX']);

/** Single SQLSTATEs of other classes that mean an outage, or a failure that passes when everything is tried again. */
const postgresFaults: ReadonlySet<string> = new Set([
  '25006', // read_only_sql_transaction
  '25P03', // idle_in_transaction_session_timeout
  '25P04', // transaction_timeout
  '3D000', // invalid_catalog_name: the database is gone
  '40001', // serialization_failure
  '40003', // statement_completion_unknown
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
]);

/** SQLSTATEs after which the same transaction may succeed. Nothing of it was written. */
const postgresConflicts: ReadonlySet<string> = new Set(['40001', '40P01']);
const postgresDuplicate = '23505';

/** Codes of a MongoDB server that mean an outage, or a failure that passes when everything is tried again. */
const mongoFaults: ReadonlySet<number> = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  18, // AuthenticationFailed
  24, // LockTimeout
  46, // LockBusy
  50, // MaxTimeMSExpired
  64, // WriteConcernFailed
  89, // NetworkTimeout
  91, // ShutdownInProgress
  112, // WriteConflict
  133, // FailedToSatisfyReadPreference
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  246, // SnapshotUnavailable
  251, // NoSuchTransaction
  262, // ExceededTimeLimit
  9001, // SocketException
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
]);

const mongoDuplicates: ReadonlySet<number> = new Set([11_000, 11_001]);

/** Errors that the MongoDB driver makes itself when no server answers; it gives them a name and no code. */
const mongoOutages: ReadonlySet<string> = new Set([
  'MongoServerSelectionError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoOperationTimeoutError',
  'MongoWaitQueueTimeoutError',
  'MongoPoolClosedError',
  'MongoPoolClearedError',
  'MongoTopologyClosedError',
  'MongoNotConnectedError',
  'MongoClientClosedError',
  'MongoClientClosingError',
  'MongoServerClosedError',
  'MongoExpiredSessionError',
  'MongoStalePrimaryError',
  'MongoWriteConcernError',
]);

const mongoOutageLabels: ReadonlySet<string> = new Set(['TransientTransactionError', 'RetryableWriteError']);

/** Codes of Node for a connection that cannot be made or breaks. */
const networkFaults: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
]);

/** How far a chain of causes is followed. */
const maximumCauses = 5;

/**
 * Turns an error that says "the database could not do its work" (busy, locked, full, read-only, closed, unreadable,
 * unreachable, too slow) into `SP_STORE_UNAVAILABLE`. Every other error comes back as it was, also an `OptionsError`, which
 * says for itself what an operator does about the store.
 *
 * It is for code that calls a database through another library's layer; causes are followed, because layers wrap errors.
 */
export function toStoreError(error: unknown): unknown {
  if (error instanceof SallyportError || error instanceof OptionsError) return error;
  return isStoreFault(error) ? new SallyportError('SP_STORE_UNAVAILABLE', { cause: error }) : error;
}

/** Says whether an error, or anything that caused it, means that the database could not do its work. */
export function isStoreFault(error: unknown): boolean {
  return causesOf(error).some(isFault);
}

/** Says whether an error, or anything that caused it, means that a row with the same unique value exists. */
export function isDuplicateRow(error: unknown): boolean {
  return causesOf(error).some(isDuplicate);
}

/** Says whether a transaction met another one and may succeed when it is run again. Nothing of it was written. */
export function isTransactionConflict(error: unknown): boolean {
  return causesOf(error).some((cause) => postgresConflicts.has(postgresCodeOf(cause) ?? ''));
}

/** An error and what caused it, outermost first. */
export function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  let current = error;
  while (current instanceof Error && causes.length < maximumCauses) {
    causes.push(current);
    current = current.cause;
  }
  return causes;
}

/**
 * A word for an operator that says what kind of failure this is and holds nothing of a row, a statement or an address:
 * the code of the database or of the network, else the name of the error.
 */
export function storeFaultWordOf(error: unknown): string {
  const causes = causesOf(error);
  const words = causes.map((cause) => {
    const code = postgresCodeOf(cause) ?? networkCodeOf(cause) ?? mongoCodeOf(cause) ?? sqliteCodeOf(cause);
    return code === undefined ? undefined : String(code);
  });
  return words.find((word) => word !== undefined) ?? causes.at(-1)?.name ?? 'unknown';
}

function isFault(error: Error): boolean {
  if (error instanceof SallyportError) return error.code === 'SP_STORE_UNAVAILABLE';
  const sqliteCode = sqliteCodeOf(error);
  // The low byte of an extended result code is the primary one.
  if (sqliteCode !== undefined) return sqliteFaults.has(sqliteCode & 0xff);
  const postgresCode = postgresCodeOf(error);
  if (postgresCode !== undefined)
    return postgresFaultClasses.has(postgresCode.slice(0, 2)) || postgresFaults.has(postgresCode);
  if (error.name.startsWith('Mongo')) return isMongoFault(error);
  return networkCodeOf(error) !== undefined || isClosedDatabase(error);
}

function isDuplicate(error: Error): boolean {
  return (
    sqliteDuplicates.has(sqliteCodeOf(error) ?? 0) ||
    postgresCodeOf(error) === postgresDuplicate ||
    mongoDuplicates.has(mongoCodeOf(error) ?? 0)
  );
}

function isMongoFault(error: Error): boolean {
  if (mongoOutages.has(error.name) || mongoFaults.has(mongoCodeOf(error) ?? 0)) return true;
  const labels: readonly unknown[] =
    'errorLabels' in error && Array.isArray(error.errorLabels) ? error.errorLabels : [];
  return labels.some((label) => typeof label === 'string' && mongoOutageLabels.has(label));
}

/** The extended result code of an error of `node:sqlite`. */
function sqliteCodeOf(error: Error): number | undefined {
  if (!('code' in error) || error.code !== 'ERR_SQLITE_ERROR') return undefined;
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** The SQLSTATE of an error of a PostgreSQL server, which always says how severe it is. */
function postgresCodeOf(error: Error): string | undefined {
  if (!('code' in error) || !('severity' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

function mongoCodeOf(error: Error): number | undefined {
  return error.name.startsWith('Mongo') && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}

function networkCodeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' && networkFaults.has(error.code) ? error.code : undefined;
}

function isClosedDatabase(error: Error): boolean {
  // node:sqlite reports a closed handle with a generic code, so that its sentence has to be compared as well.
  return 'code' in error && error.code === 'ERR_INVALID_STATE' && error.message === 'database is not open';
}
