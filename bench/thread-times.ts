import { readFileSync } from 'node:fs';

/** What a thread did with its time: how long it ran, and how long it could have run but had no core. */
export interface ThreadTimes {
  readonly ranMilliseconds: number;
  readonly waitedMilliseconds: number;
}

/** The times of the main thread of a process since it began; `undefined` where the system does not say. */
export function readThreadTimes(pid: number): ThreadTimes | undefined {
  try {
    return parseThreadTimes(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Reads a `schedstat` of Linux: nanoseconds run, nanoseconds waited, and a count. */
export function parseThreadTimes(text: string): ThreadTimes | undefined {
  const [ran = NaN, waited = NaN] = text.split(' ').map(Number);
  return Number.isFinite(ran) && Number.isFinite(waited)
    ? { ranMilliseconds: ran / 1e6, waitedMilliseconds: waited / 1e6 }
    : undefined;
}

/** What happened between two readings. */
export function timesBetween(before: ThreadTimes | undefined, after: ThreadTimes | undefined): ThreadTimes | undefined {
  if (before === undefined || after === undefined) return undefined;
  return {
    ranMilliseconds: after.ranMilliseconds - before.ranMilliseconds,
    waitedMilliseconds: after.waitedMilliseconds - before.waitedMilliseconds,
  };
}
