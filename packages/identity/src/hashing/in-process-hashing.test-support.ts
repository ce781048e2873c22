import { setImmediate as nextTurn } from 'node:timers/promises';
import { runHashingJob } from './hashing-job.ts';
import type { HashingThreads } from './hashing-threads.ts';
import { argon2Cost, type Argon2Cost } from './password-hash.ts';

/**
 * Hashes in the process of the test, at the least cost that argon2id has. An account with a second factor costs a dozen
 * hashes, and threads wait until nothing else on the machine wants to run.
 */
export const cheapHashing = hashInProcess({ memoryCost: 8, timeCost: 1, parallelism: 1 });

/** The same at the cost of production, for tests of what is stored. */
export const costlyHashing = hashInProcess(argon2Cost);

function hashInProcess(cost: Argon2Cost): HashingThreads {
  return {
    cost,
    run: async (job) => {
      await nextTurn();
      return runHashingJob(job, cost);
    },
    close: async () => {},
  };
}
