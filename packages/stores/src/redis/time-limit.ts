import { withTimeout } from '@sallyport/core';
import { RedisFault } from './redis-fault.ts';

/**
 * Waits for an answer of Redis, but only so long.
 *
 * @throws RedisFault `TIMEOUT`.
 */
export function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return withTimeout(work, milliseconds, () => {
    throw new RedisFault('TIMEOUT');
  });
}
