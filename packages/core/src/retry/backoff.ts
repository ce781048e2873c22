/** Between which bounds pauses grow. */
export interface BackoffBounds {
  readonly firstMilliseconds: number;
  readonly maxMilliseconds: number;
}

/** Exponential backoff: the pause doubles with every failure in a row, up to the bound. */
export function exponentialBackoff(failures: number, { firstMilliseconds, maxMilliseconds }: BackoffBounds): number {
  return Math.min(firstMilliseconds * 2 ** failures, maxMilliseconds);
}

/**
 * Jitter: between half of a pause and all of it, by chance. Clients that lost a server at the same moment must not come
 * back at the same one.
 */
export function withJitter(milliseconds: number, random: () => number = Math.random): number {
  return milliseconds * (0.5 + random() / 2);
}
