import { randomUUID } from 'node:crypto';
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
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
  const owner = `${process.pid} ${randomUUID()}`;
  const giveUpAt = Date.now() + 2 * staleMilliseconds;
  while (!tryLock(path, owner)) {
    removeStale(path);
    if (Date.now() > giveUpAt) throw new UsageError(`${path} is held by another process. Delete it if none runs.`);
    await sleep(retryMilliseconds);
  }
  try {
    return await work();
  } finally {
    release(path, owner);
  }
}

function tryLock(path: string, owner: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, owner);
    closeSync(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** A process that was held up for so long that its lock was taken over, such as by a lid that was closed, has none to give back. */
function release(path: string, owner: string): void {
  try {
    if (readFileSync(path, 'utf8') === owner) rmSync(path, { force: true });
  } catch {
    // It is gone, which is as good.
  }
}

/** By renaming: of several processes that find it stale one moves it away. */
function removeStale(path: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    if (!isStale(path)) return;
    renameSync(path, aside);
    // Between the two lines another process may have taken it over: what was moved away is that one's lock then.
    if (!isStale(aside)) linkSync(aside, path);
  } catch {
    // Another process was faster, which is as good.
  }
  rmSync(aside, { force: true });
}

function isStale(path: string): boolean {
  return Date.now() - statSync(path).mtimeMs >= staleMilliseconds;
}
