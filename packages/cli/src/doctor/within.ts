import { withTimeout } from '@sallyport/core';

/** Work took longer than doctor waits. */
export class NoAnswerInTime extends Error {
  override readonly name = 'NoAnswerInTime';
}

/** Rejects with {@link NoAnswerInTime} when work takes longer. The work goes on, and its outcome is ignored. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return withTimeout(work, milliseconds, () => {
    throw new NoAnswerInTime(`no answer within ${milliseconds / 1000} s`);
  });
}
