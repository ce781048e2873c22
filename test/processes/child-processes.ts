import { readFileSync } from 'node:fs';

/** Ids of the processes that a process has started, as Linux lists them. */
export function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
