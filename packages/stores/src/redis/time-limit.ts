import { RedisFault } from './redis-fault.ts';

/**
 * Waits for a promise, but only so long.
 *
 * When the time is up, what has arrived meanwhile is read first: a process that was busy for longer than the limit must
 * not take its own sleep for an outage.
 *
 * @throws RedisFault `TIMEOUT`.
 */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => setImmediate(() => reject(new RedisFault('TIMEOUT'))), milliseconds);
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
    // The loser of the race may still fail, and no caller waits for it any more.
    work.catch(() => {});
    tooLate.catch(() => {});
  }
}
