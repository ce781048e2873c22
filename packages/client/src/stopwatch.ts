/** Milliseconds since it was started. */
export type Stopwatch = () => number;

/**
 * Starts a stopwatch. Two clocks of this machine measure, and the one that went further counts: one may stand still while the
 * machine sleeps, the other may be set back. Neither is compared with a time that another machine wrote.
 */
export function startStopwatch(): Stopwatch {
  const date = Date.now();
  const monotonic = performance.now();
  return () => Math.max(Date.now() - date, performance.now() - monotonic);
}
