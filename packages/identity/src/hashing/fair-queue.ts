import { SallyportError } from '@sallyport/core';

/** A fair queue with load shedding, in front of work that few may do at once. */
export interface FairQueue {
  /**
   * Does the work when it is its turn. Rejects with `SP_TOO_MANY_ATTEMPTS` when too much of this origin is waiting, and
   * with `SP_SERVICE_UNAVAILABLE` when the queue is full, or when the turn does not come in time. Then the work is not done.
   */
  run<T>(origin: string, work: () => Promise<T>): Promise<T>;
  /** Throws what `run` would reject with now. Callers ask before other work, which would be in vain. */
  requireRoom(origin: string): void;
  /** How much is waiting. */
  readonly waiting: number;
}

export interface FairQueueOptions {
  /** How much is done at once. */
  readonly concurrency: number;
  readonly maxWaiting: number;
  /** Of one origin. */
  readonly maxWaitingOfOne: number;
  readonly maxWaitMilliseconds: number;
  readonly onRefusal: (reason: 'share' | 'full' | 'late') => void;
  /** Milliseconds, from any origin of time. @default performance.now */
  readonly clock?: () => number;
}

interface Waiter {
  readonly begin: () => void;
}

const retryAfterSeconds = 5;

/** EWMA smoothing: how much the last duration counts in the average. */
const smoothing = 0.1;

/**
 * Builds a fair queue (round robin over origins) with load shedding. An origin with a thousand entries delays only
 * itself. What cannot be done in time, by an EWMA of how long work takes, is refused at once.
 */
export function createFairQueue(options: FairQueueOptions): FairQueue {
  const { concurrency, maxWaiting, maxWaitingOfOne, maxWaitMilliseconds, onRefusal } = options;
  const { clock = () => performance.now() } = options;
  // In the order of their turns: whose turn it was goes to the end.
  const queues = new Map<string, Waiter[]>();
  let free = concurrency;
  let waiting = 0;
  /** EWMA of how long work takes; 0 until some was done. */
  let averageMilliseconds = 0;

  /** How many turns come before that of one more of this origin: of each other one no more than it has itself. */
  const turnsBefore = (own: number): number => {
    let count = 0;
    for (const queue of queues.values()) count += Math.min(queue.length, own + 1);
    return count;
  };

  const refuse = (reason: 'share' | 'full' | 'late'): never => {
    onRefusal(reason);
    if (reason === 'share')
      throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'hashing-share', retryAfterSeconds });
    throw busy(`hashing-${reason}`);
  };

  const requireRoom = (origin: string): void => {
    if (free > 0) return;
    const own = queues.get(origin)?.length ?? 0;
    if (own >= maxWaitingOfOne) refuse('share');
    if (waiting >= maxWaiting) refuse('full');
    // Told at once, and not after waiting for nothing together with many others.
    if ((turnsBefore(own) * averageMilliseconds) / concurrency > maxWaitMilliseconds) refuse('late');
  };

  const wait = (origin: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const queue = queues.get(origin) ?? [];
      const waiter: Waiter = {
        begin: () => {
          clearTimeout(timer);
          waiting -= 1;
          resolve();
        },
      };
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(waiter), 1);
        if (queue.length === 0) queues.delete(origin);
        waiting -= 1;
        onRefusal('late');
        reject(busy('hashing-late'));
      }, maxWaitMilliseconds);
      queue.push(waiter);
      queues.set(origin, queue);
      waiting += 1;
    });

  const passOn = (): void => {
    const [turn] = queues;
    if (turn === undefined) {
      free += 1;
      return;
    }
    const [origin, queue] = turn;
    const waiter = queue.shift();
    queues.delete(origin);
    if (queue.length > 0) queues.set(origin, queue);
    waiter?.begin();
  };

  return {
    run: async (origin, work) => {
      if (free > 0) free -= 1;
      else {
        requireRoom(origin);
        await wait(origin);
      }
      const begun = clock();
      try {
        return await work();
      } finally {
        const took = clock() - begun;
        averageMilliseconds += averageMilliseconds === 0 ? took : (took - averageMilliseconds) * smoothing;
        passOn();
      }
    },
    requireRoom,
    get waiting() {
      return waiting;
    },
  };
}

function busy(reason: string): SallyportError {
  return new SallyportError('SP_SERVICE_UNAVAILABLE', { reason, retryAfterSeconds });
}
