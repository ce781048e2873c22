import { readFileSync } from 'node:fs';

/**
 * Says whether a process still runs. One that has ended, and waits for its parent to ask how, does not: where the first
 * process of a container adopts orphans and never asks, such remains stay for ever.
 */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return !isRemains(pid);
  } catch (error) {
    // It runs for another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Linux keeps the state of a process behind its name: "pid (name) Z parent …". */
function isRemains(pid: number): boolean {
  try {
    return /\) [ZX] \d+ [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
