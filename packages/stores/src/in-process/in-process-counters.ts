import { OptionsError } from '@sallyport/core';
import type { Counters } from '@sallyport/core';

export interface InProcessCountersOptions {
  readonly now?: () => Date;
  /** How many keys are counted at once. @default 100000 */
  readonly maximumKeys?: number;
}

interface Window {
  count: number;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

/** The part of the keys that stays when room is made: clearing some at once makes the walk over all of them rare. */
const keptPart = 0.9;

/**
 * Builds counters in the memory of this process, which holds at most `maximumKeys`.
 *
 * When there are more, closed windows are forgotten first and then those with the smallest counts, so that a flood of new
 * keys does not wipe out the count of an account under attack.
 *
 * @throws OptionsError when `maximumKeys` is not a positive whole number.
 */
export function createInProcessCounters(options: InProcessCountersOptions = {}): Counters {
  const { maximumKeys = 100_000 } = options;
  const now = options.now ?? (() => new Date());
  if (!Number.isSafeInteger(maximumKeys) || maximumKeys < 1)
    throw new OptionsError('maximumKeys must be a positive whole number');
  const windows = new Map<string, Window>();

  const openWindow = (key: string): Window | undefined => {
    const window = windows.get(key);
    if (window === undefined) return undefined;
    if (now().getTime() < window.endsAt) return window;
    windows.delete(key);
    return undefined;
  };

  return {
    increment: async (key, windowSeconds, amount = 1) => {
      if (!(windowSeconds > 0)) throw new TypeError('a window must last longer than nothing');
      if (!Number.isSafeInteger(amount) || amount < 1) throw new TypeError('what is added must be a positive number');
      const window = openWindow(key);
      if (window !== undefined) return (window.count += amount);
      if (windows.size >= maximumKeys) makeRoom(windows, Math.floor(maximumKeys * keptPart), now().getTime());
      windows.set(key, { count: amount, endsAt: now().getTime() + windowSeconds * 1000 });
      return amount;
    },
    decrement: async (key) => {
      const window = openWindow(key);
      if (window !== undefined && window.count > 0) window.count -= 1;
    },
    read: async (key) => {
      const window = openWindow(key);
      if (window === undefined) return { count: 0, remainingSeconds: 0 };
      return { count: window.count, remainingSeconds: Math.ceil((window.endsAt - now().getTime()) / 1000) };
    },
    reset: async (key) => {
      windows.delete(key);
    },
  };
}

function makeRoom(windows: Map<string, Window>, size: number, at: number): void {
  for (const [key, { endsAt }] of windows) if (at >= endsAt) windows.delete(key);
  for (let smallest = 1; windows.size > size; smallest *= 2) {
    for (const [key, { count }] of windows) if (count <= smallest && windows.size > size) windows.delete(key);
  }
}
