/** Counts within a window of time, for limits on guessing. */
export interface Counters {
  /** Adds one, or as many as are given, and resolves to the count in the window that began with the first. */
  increment(key: string, windowSeconds: number, amount?: number): Promise<number>;
  /** Takes one back that was added and is not to count after all. Never below zero; opens, lengthens and ends no window. */
  decrement(key: string): Promise<void>;
  /** The count and how long the window lasts; zero when none is open. */
  read(key: string): Promise<{ readonly count: number; readonly remainingSeconds: number }>;
  reset(key: string): Promise<void>;
}
