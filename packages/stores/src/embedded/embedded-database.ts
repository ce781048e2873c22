import { chmodSync, closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OptionsError, SallyportError, toStoreError } from '@sallyport/core';
import { requirePrivateFolder } from './private-folder.ts';

export interface EmbeddedDatabaseOptions {
  /** Path of the database file; `:memory:` for a database that ends with the process. */
  readonly file: string;
  /**
   * How long a statement waits for another process. The wait blocks the event loop, so that it must stay short.
   *
   * @default 100
   */
  readonly busyTimeoutMilliseconds?: number;
  /** Leaves the mode of a file that is there as it is, for who only looks. @default false */
  readonly isModeKept?: boolean;
}

/** The longest `busyTimeoutMilliseconds`. */
const maximumBusyTimeoutMilliseconds = 100;

/** How often the switch to write-ahead logging is tried while another process makes the same file. */
const startAttempts = 50;
const startPauseMilliseconds = 40;

/**
 * Opens the SQLite database of the embedded mode, and makes it when it is absent.
 *
 * The file is readable by this user alone (0600, in a folder made with 0700), and so are the files that SQLite puts
 * beside it. Write-ahead logging with `synchronous=FULL`: what was acknowledged survives kill -9 and a power cut. `NORMAL`
 * would lose the last commits in a power cut, and with them a sign-out that was acknowledged.
 *
 * @throws `SP_STORE_UNAVAILABLE` when the file cannot be opened, OptionsError for a busy timeout above 100 ms.
 */
export function openEmbeddedDatabase(options: EmbeddedDatabaseOptions): DatabaseSync {
  const { file, busyTimeoutMilliseconds = maximumBusyTimeoutMilliseconds, isModeKept = false } = options;
  if (!(busyTimeoutMilliseconds >= 0 && busyTimeoutMilliseconds <= maximumBusyTimeoutMilliseconds))
    throw new OptionsError(`the busy timeout must be between 0 and ${maximumBusyTimeoutMilliseconds} ms`);
  try {
    if (file !== ':memory:' && !isModeKept) makePrivateFile(file);
    const database = new DatabaseSync(file, { timeout: busyTimeoutMilliseconds, enableForeignKeyConstraints: true });
    prepareDatabase(database);
    return database;
  } catch (cause) {
    throw toOpenError(cause);
  }
}

function makePrivateFile(file: string): void {
  requirePrivateFolder(dirname(file));
  // SQLite would make the file with the umask of the process; it copies the mode of this one to its -wal and -shm files.
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}

function prepareDatabase(database: DatabaseSync): void {
  // Processes that start at once collide here, and SQLite does not apply the busy timeout to a change of journal mode.
  for (let attempt = 1; ; attempt += 1) {
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      return;
    } catch (error) {
      if (attempt === startAttempts || !isUnavailable(toStoreError(error))) {
        database.close();
        throw error;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, startPauseMilliseconds);
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof SallyportError && error.code === 'SP_STORE_UNAVAILABLE';
}

function toOpenError(cause: unknown): unknown {
  const error = toStoreError(cause);
  const isFileSystemError = cause instanceof Error && 'syscall' in cause;
  return isFileSystemError ? new SallyportError('SP_STORE_UNAVAILABLE', { cause }) : error;
}
