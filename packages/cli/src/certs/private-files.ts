import { chmodSync, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UsageError } from '@sallyport/core';

const everyoneElse = 0o077;
const waitMilliseconds = 10_000;

/** Makes a folder that is closed to every other user, whatever the umask says. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
}

/** Writes a file that is not there yet, closed to every other user, and waits until it is on the disk. */
export function writeNewFile(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600, flag: 'wx', flush: true });
}

/** Puts a text in the place of a file: a reader sees the one before or the new one, never half of one. */
export function replaceFile(file: string, text: string): void {
  const next = `${file}.next`;
  writeFileSync(next, text, { mode: 0o600, flush: true });
  renameSync(next, file);
}

/** Refuses a file or folder that other users may open. */
export function requirePrivate(path: string, shown: string): void {
  // Windows has no such bits; its answer is made up.
  if (process.platform === 'win32' || (statSync(path).mode & everyoneElse) === 0) return;
  throw new UsageError(`${shown} is open to other users of this machine. Take that away: chmod go-rwx ${shown}`);
}

/**
 * Runs work while no other command changes the folder: two lists of revoked certificates that are written at once would lose
 * an entry. It is a lock of the operating system, held through SQLite, so that it ends with the process.
 */
export function withLock<Result>(folder: string, work: () => Result): Result {
  const file = join(folder, '.lock');
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600 });
  const lock = new DatabaseSync(file, { timeout: waitMilliseconds });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;');
  } catch {
    lock.close();
    throw new UsageError('Another "sallyport certs" works on this folder. Try again when it has ended.');
  }
  try {
    return work();
  } finally {
    lock.close();
  }
}
