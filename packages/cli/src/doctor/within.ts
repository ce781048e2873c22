import { withTimeout } from '@sallyport/core';

/** Rejects when work takes longer. The work goes on, and whatever becomes of it is ignored. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return withTimeout(work, milliseconds, () => {
    throw new Error(`there was no answer within ${milliseconds / 1000} s`);
  });
}
