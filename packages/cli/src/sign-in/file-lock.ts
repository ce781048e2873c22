import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '@sallyport/core';

/** Longer than a refresh takes with its time limit: a lock that is older was left behind by a process that is gone. */
const staleMilliseconds = 30_000;
const retryMilliseconds = 100;

/**
 * Runs the work while no other process of this user does so with the same lock: two shells that refresh one sign-in at once
 * must not use one refresh token twice. A lock that was left behind is taken over.
 *
 * @throws UsageError where another process holds it for longer than it can take.
 */
export async function withFileLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const giveUpAt = Date.now() + 2 * staleMilliseconds;
  while (!tryLock(path)) {
    removeStale(path);
    if (Date.now() > giveUpAt) throw new UsageError(`${path} is held by another process. Delete it if none runs.`);
    await sleep(retryMilliseconds);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** By renaming: of several processes that find it stale one moves it away. */
function removeStale(path: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    if (Date.now() - statSync(path).mtimeMs < staleMilliseconds) return;
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch {
    // Another process was faster, which is as good.
  }
}
