import { OptionsError } from '@sallyport/core';
/** How long things last in the life of a key, in seconds. */
export interface KeyTimes {
  /** How long a key signs. */
  readonly rotation: number;
  /** How long verifiers may keep the published keys without asking again. */
  readonly cache: number;
  /** How long a key is published before it signs. */
  readonly publish: number;
  /** How often a process looks at the ring. */
  readonly poll: number;
  /** How long a process that cannot look at the ring goes on signing with the key that it knows. */
  readonly unconfirmed: number;
  /** How long a key verifies after the others have stopped signing with it. */
  readonly overlap: number;
}

export interface KeyTimeOptions {
  /** How long a key signs. @default 90 */
  readonly rotationDays?: number;
  /** How long verifiers may keep the published keys: `max-age` of the key endpoint. @default 300 */
  readonly cacheSeconds?: number;
  /** The longest life of a token that is signed. @default 300 */
  readonly tokenSeconds?: number;
}

const secondsPerDay = 86_400;

/** The largest tolerance that a verifier of ours can be given for clocks that differ. */
const toleranceSeconds = 60;

/**
 * Derives the times of a ring, so that one can never be set against another.
 *
 * A key is published for twice as long as verifiers cache: once for them, and once for processes that learn of it late
 * and for clocks that differ. It verifies until whatever the last process to notice signed has expired, by the clock of
 * the most tolerant verifier, and for one cache more.
 *
 * @throws OptionsError when a time is not positive, or keys would rotate before the next one is known.
 */
export function toKeyTimes(options: KeyTimeOptions): KeyTimes {
  const { rotationDays = 90, cacheSeconds: cache = 300, tokenSeconds = 300 } = options;
  for (const [name, value] of Object.entries({ rotationDays, cacheSeconds: cache, tokenSeconds }))
    if (!(value > 0)) throw new OptionsError(`${name} must be a positive number`);
  const rotation = rotationDays * secondsPerDay;
  const publish = 2 * cache;
  if (rotation <= publish) throw new OptionsError('rotationDays must be longer than twice cacheSeconds');
  const unconfirmed = 12 * cache;
  const overlap = unconfirmed + tokenSeconds + toleranceSeconds + cache;
  return { rotation, cache, publish, poll: cache / 10, unconfirmed, overlap };
}

/** A time that is so many seconds after another. */
export function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
