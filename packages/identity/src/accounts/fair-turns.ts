import { SallyportError } from '@sallyport/core';

/** Gives out turns at something that few may do at once. */
export interface FairTurns {
  /**
   * Does the work when it is its turn. Rejects with `SP_TOO_MANY_ATTEMPTS` when too much of this origin is waiting, and
   * with `SP_SERVICE_UNAVAILABLE` when all is, or when its turn does not come in time; then the work is not done.
   */
  take<T>(origin: string, work: () => Promise<T>): Promise<T>;
  /** How much is waiting. */
  readonly waiting: number;
}

export interface FairTurnsOptions {
  /** How much is done at once. */
  readonly concurrency: number;
  readonly maximumWaiting: number;
  /** Of one origin. */
  readonly maximumWaitingOfOne: number;
  readonly maximumWaitMilliseconds: number;
  readonly onRefusal: (reason: 'share' | 'full' | 'late') => void;
}

interface Waiter {
  readonly begin: () => void;
}

const retryAfterSeconds = 5;

/**
 * Builds the turns. Origins take them one after the other, whoever came first: somebody who asks a thousand times waits
 * for their own, and everybody else does not.
 */
export function createFairTurns(options: FairTurnsOptions): FairTurns {
  const { maximumWaiting, maximumWaitingOfOne, maximumWaitMilliseconds, onRefusal } = options;
  // In the order of their turns: whose turn it was goes to the end.
  const queues = new Map<string, Waiter[]>();
  let free = options.concurrency;
  let waiting = 0;

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
      }, maximumWaitMilliseconds);
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
    take: async (origin, work) => {
      if (free > 0) free -= 1;
      else {
        if ((queues.get(origin)?.length ?? 0) >= maximumWaitingOfOne) {
          onRefusal('share');
          throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'hashing-share', retryAfterSeconds });
        }
        if (waiting >= maximumWaiting) {
          onRefusal('full');
          throw busy('hashing-full');
        }
        await wait(origin);
      }
      try {
        return await work();
      } finally {
        passOn();
      }
    },
    get waiting() {
      return waiting;
    },
  };
}

function busy(reason: string): SallyportError {
  return new SallyportError('SP_SERVICE_UNAVAILABLE', { reason, retryAfterSeconds });
}
