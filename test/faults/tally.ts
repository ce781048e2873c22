import { setTimeout as wait } from 'node:timers/promises';

/** How many operations of a history had an answer that counts, and how many had none. */
export interface Tally {
  acknowledged: number;
  unanswered: number;
  /** Resolves when so many more were acknowledged. */
  progress(operations: number): Promise<void>;
}

/** Begins at nothing. */
export function createTally(): Tally {
  const tally: Tally = {
    acknowledged: 0,
    unanswered: 0,
    progress: async (operations) => {
      const wanted = tally.acknowledged + operations;
      while (tally.acknowledged < wanted) await wait(20);
    },
  };
  return tally;
}
