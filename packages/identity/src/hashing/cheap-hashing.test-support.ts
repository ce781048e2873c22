import { setImmediate as nextTurn } from 'node:timers/promises';
import { runHashingJob } from './hashing-job.ts';
import type { HashingThreads } from './hashing-threads.ts';

const cost = { memoryCost: 8, timeCost: 1, parallelism: 1 };

/**
 * Hashes as the threads do, in the process of the test and at the least cost that argon2id has: an account with a second
 * factor costs a dozen hashes, and threads wait until nothing else on the machine wants to run.
 */
export const cheapHashing: HashingThreads = {
  cost,
  run: async (job) => {
    await nextTurn();
    return runHashingJob(job, cost);
  },
  close: async () => {},
};
