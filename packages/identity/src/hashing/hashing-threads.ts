import { Worker } from 'node:worker_threads';
import type { HashingJob } from './hashing-job.ts';
import type { HashingAnswer } from './hashing-thread.ts';
import { argon2Cost, type Argon2Cost } from './password-hash.ts';

/** Threads that do nothing but hash. */
export interface HashingThreads {
  /** What a new hash costs. */
  readonly cost: Argon2Cost;
  /** Has a job done. Never call it oftener at once than there are threads. */
  run(job: HashingJob): Promise<string | boolean>;
  /** Ends the threads, and what they were doing. */
  close(): Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  /** Set while it works. */
  settle: ((answer: HashingAnswer) => void) | undefined;
}

/**
 * Builds the threads. They start with the first job that finds none free, and none of them is of those in which Node
 * looks up names, reads files and signs: however much is hashed, these are not kept waiting. They hold up no process that
 * wants to end.
 */
export function createHashingThreads(): HashingThreads {
  const threads = new Set<Thread>();

  const start = (): Thread => {
    // From source this file ends in .ts, from the built package in .js; the program beside it does as well.
    const program = new URL(`./hashing-thread${import.meta.url.slice(-3)}`, import.meta.url);
    const worker = new Worker(program, { name: 'hashing', workerData: argon2Cost });
    const thread: Thread = { worker, settle: undefined };
    const settle = (answer: HashingAnswer): void => {
      const waiting = thread.settle;
      thread.settle = undefined;
      worker.unref();
      waiting?.(answer);
    };
    worker.on('message', settle);
    worker.on('error', (error: Error) => settle({ kind: 'failed', message: error.message }));
    worker.on('exit', () => {
      threads.delete(thread);
      settle({ kind: 'failed', message: 'the thread ended' });
    });
    threads.add(thread);
    return thread;
  };

  return {
    cost: argon2Cost,
    run: (job) =>
      new Promise((resolve, reject) => {
        const thread = [...threads].find(({ settle }) => settle === undefined) ?? start();
        thread.settle = (answer) => {
          if (answer.kind === 'done') resolve(answer.value);
          else reject(new Error(`hashing failed: ${answer.message}`));
        };
        thread.worker.ref();
        thread.worker.postMessage(job);
      }),
    close: async () => {
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}
