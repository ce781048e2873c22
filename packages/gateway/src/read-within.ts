import { SallyportError, withTimeout } from '@sallyport/core';

/** Milliseconds that the gateway waits for who a caller is. */
export const readTimeoutMilliseconds = 5000;

/**
 * Reads who a caller is, within a time. Whatever a store rejects with, the gateway could not find out: 503, never 401.
 *
 * @throws `SP_STORE_UNAVAILABLE`, or the error of the reader where that is of 500 or above.
 */
export async function readWithin<Found>(
  what: 'session' | 'credential',
  read: () => Found | Promise<Found>,
  milliseconds: number,
): Promise<Found> {
  try {
    return await withTimeout(Promise.resolve(read()), milliseconds, () => {
      throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: `${what}-read-timeout` });
    });
  } catch (cause) {
    if (cause instanceof SallyportError && cause.status >= 500) throw cause;
    throw new SallyportError('SP_STORE_UNAVAILABLE', { cause, reason: `${what}-read-failed` });
  }
}
