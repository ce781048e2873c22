import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import type { TokenStorage } from '@sallyport/client';

const pollMilliseconds = 20;

/**
 * Keeps the refresh token in a file that its owner alone may read (0600), and lets one process refresh at a time.
 *
 * The token is written to another file first and renamed into place, so that a run that is killed leaves one of the two.
 * The lock is that of a database file beside it: the system lets go of it when its process ends, however it ends.
 * Rejects when others may read the file, or it is not a file.
 */
export function createPrivateFileStorage(file: string): TokenStorage {
  const folder = path.dirname(file);
  return {
    async read() {
      // A link could lead to a file of another user's choice.
      const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(unlessMissing);
      if (handle === undefined) return undefined;
      try {
        const stat = await handle.stat();
        if (!stat.isFile() || (process.platform !== 'win32' && (stat.mode & 0o077) !== 0))
          throw new Error(`${file} may be read by others: chmod 600 it, or sign in again after you removed it`);
        const text = (await handle.readFile('utf8')).trim();
        return text === '' ? undefined : text;
      } finally {
        await handle.close();
      }
    },
    async write(refreshToken) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = `${file}.${process.pid}`;
      await rm(draft, { force: true });
      const handle = await open(draft, 'wx', 0o600);
      try {
        await handle.writeFile(`${refreshToken}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, file);
    },
    remove: async () => rm(file, { force: true }),
    async exclusively(work) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const lock = new DatabaseSync(`${file}.lock`);
      try {
        while (!tryLock(lock)) await wait(pollMilliseconds);
        return await work();
      } finally {
        lock.close();
      }
    },
  };
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    // SQLITE_BUSY: another process has it.
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) return false;
    throw error;
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
