import { constants, getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { runHashingJob, type HashingJob } from './hashing-job.ts';
import type { Argon2Cost } from './password-hash.ts';

/** What it answers: the hash, or whether the password fits. */
export type HashingAnswer =
  { readonly kind: 'done'; readonly value: string | boolean } | { readonly kind: 'failed'; readonly message: string };

/** Requests come first: where cores are short, a hash takes longer, and what is proxied does not. */
const nice = 19;

// Only Linux has priorities of threads; elsewhere this would be that of the process. Where it is forbidden, so be it.
if (process.platform === 'linux') {
  try {
    setPriority(0, Math.min(getPriority(0) + nice, constants.priority.PRIORITY_LOW));
  } catch {}
}

const cost = workerData as Argon2Cost; // The only program that starts this thread hands it over.

parentPort?.on('message', (job: HashingJob) => parentPort?.postMessage(answer(job)));

function answer(job: HashingJob): HashingAnswer {
  try {
    return { kind: 'done', value: runHashingJob(job, cost) };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : 'unknown' };
  }
}
