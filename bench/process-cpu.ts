import { readFileSync } from 'node:fs';

/** `getconf CLK_TCK` on Linux. */
const ticksPerSecond = 100;

/** What all threads of a process used so far, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  const [, rest = ''] = /\) (.*)$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
  const fields = rest.split(' ');
  // Fields 14 and 15 of proc(5), counted from the state, which is the third.
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}
