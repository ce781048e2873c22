const timedOut = Symbol('timed out');

/**
 * Waits for work, but at most so long. When the time is up, the outcome is that of `onTimeout`: a value, or what it throws.
 *
 * The work goes on, and its later outcome is ignored. What has arrived by the time the limit is noticed is read first: a
 * process that was busy for longer than the limit must not take its own sleep for an outage.
 */
export async function withTimeout<T, Late = never>(
  work: Promise<T>,
  milliseconds: number,
  onTimeout: () => Late,
): Promise<T | Late> {
  const { promise: timeout, resolve } = Promise.withResolvers<typeof timedOut>();
  const timer = setTimeout(() => setImmediate(() => resolve(timedOut)), milliseconds);
  try {
    const outcome = await Promise.race([work, timeout]);
    return outcome === timedOut ? onTimeout() : outcome;
  } finally {
    clearTimeout(timer);
    // Without a handler, the rejection of work that lost the race would end the process.
    work.catch(() => {});
  }
}
