import type { ErrorCode } from '../errors/error-catalog.ts';
import { SallyportError } from '../errors/sallyport-error.ts';

/** How often a compare-and-set is tried. */
export interface ContentionLimit {
  readonly maxAttempts: number;
  /** What callers get when every attempt met another writer. */
  readonly code: ErrorCode;
}

/**
 * Repeats a compare-and-set, which reads, and writes only if what it read still holds. An attempt that resolves to
 * `retry` met another writer: the next one reads anew.
 *
 * @returns what the first attempt without a conflict resolves to, or rejects with the code of the limit and the reason
 *   `contended`. What an attempt rejects with is passed on at once.
 */
export async function retryContended<T>(
  { maxAttempts, code }: ContentionLimit,
  attempt: () => Promise<T | 'retry'>,
): Promise<T> {
  for (let count = 0; count < maxAttempts; count += 1) {
    const outcome = await attempt();
    if (outcome !== 'retry') return outcome;
  }
  throw new SallyportError(code, { reason: 'contended' });
}
