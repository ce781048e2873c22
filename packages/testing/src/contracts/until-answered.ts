import { SallyportError } from '@sallyport/core';

/** How often a call is repeated; a store that is busy for this long is broken. */
const maximumAttempts = 50;

/** Repeats a call that met a busy store: nothing was written then, and the caller is asked to try again. */
export async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const isBusy = error instanceof SallyportError && error.code === 'SP_STORE_UNAVAILABLE';
      if (!isBusy || attempt === maximumAttempts) throw error;
    }
  }
}
