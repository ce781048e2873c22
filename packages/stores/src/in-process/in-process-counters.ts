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

/** How many of the oldest windows are looked at to find one to forget. */
const candidatesPerEviction = 16;

/**
 * Builds counters in the memory of this process, which holds at most `maximumKeys`.
 *
 * When there are more, closed windows are forgotten first and then the one with the smallest count among a few, so that
 * a flood of new keys does not wipe out the count of an account under attack.
 *
 * @throws TypeError when `maximumKeys` is not a positive whole number.
 */
export function createInProcessCounters(options: InProcessCountersOptions = {}): Counters {
  const { maximumKeys = 100_000 } = options;
  const now = options.now ?? (() => new Date());
  if (!Number.isSafeInteger(maximumKeys) || maximumKeys < 1)
    throw new TypeError('maximumKeys must be a positive whole number');
  const windows = new Map<string, Window>();

  const openWindow = (key: string): Window | undefined => {
    const window = windows.get(key);
    if (window === undefined) return undefined;
    if (now().getTime() < window.endsAt) return window;
    windows.delete(key);
    return undefined;
  };

  return {
    increment: async (key, windowSeconds) => {
      if (!(windowSeconds > 0)) throw new TypeError('a window must last longer than nothing');
      const window = openWindow(key);
      if (window !== undefined) return (window.count += 1);
      if (windows.size >= maximumKeys) forgetOne(windows, now().getTime());
      windows.set(key, { count: 1, endsAt: now().getTime() + windowSeconds * 1000 });
      return 1;
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

function forgetOne(windows: Map<string, Window>, at: number): void {
  const candidates = [...firstOf(windows, candidatesPerEviction)];
  const closed = candidates.filter(([, window]) => at >= window.endsAt);
  for (const [key] of closed) windows.delete(key);
  if (closed.length > 0) return;
  const [forgotten, ...kept] = candidates.sort(([, one], [, other]) => one.count - other.count);
  if (forgotten !== undefined) windows.delete(forgotten[0]);
  // The rest goes to the back of the line, so that the next flood meets other candidates.
  for (const [key, window] of kept) {
    windows.delete(key);
    windows.set(key, window);
  }
}

function* firstOf<K, V>(entries: Iterable<[K, V]>, count: number): Generator<[K, V]> {
  let taken = 0;
  for (const entry of entries) {
    if (taken === count) return;
    taken += 1;
    yield entry;
  }
}
