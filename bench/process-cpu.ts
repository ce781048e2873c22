import { readFileSync } from 'node:fs';

/** `getconf CLK_TCK` on Linux. */
const ticksPerSecond = 100;

/** What all threads of a process used so far, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program stands in parentheses, and may hold any.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Fields 14 and 15 of proc(5), counted from the state, which is the third.
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}
