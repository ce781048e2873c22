import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive } from '../processes/is-alive.ts';

const pollMilliseconds = 200;

/** Runs `work` while no other process of this clone builds: `npm start` and `npm test` may be started together. */
export async function withBuildLock<Result>(
  root: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  return withFileLock(path.join(root, 'node_modules', '.cache', 'sallyport', 'build.lock'), signal, work);
}

/** Runs `work` while no other process that names the same file does. */
export async function withFileLock<Result>(
  file: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  mkdirSync(path.dirname(file), { recursive: true });
  while (!tryLock(file)) await wait(pollMilliseconds, undefined, signal === undefined ? {} : { signal });
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function tryLock(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    // A build that was killed leaves its lock behind: it counts only while its process lives.
    if (!isAlive(lockOwner(file))) rmSync(file, { force: true });
    return false;
  }
}

function lockOwner(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return Number.NaN;
  }
}
