import type { Counters, Logger } from '@sallyport/core';
import type { Bucket } from './request-limiter.ts';

/** What counter synchronisation between gateways needs. */
export interface CounterSyncParts {
  readonly counters: Counters;
  /** At rest there is only a hash of the subject that is counted. */
  readonly hash: (text: string) => string;
  readonly logger: Logger;
}

/** Counter synchronisation: gateways exchange what they counted, in the background. */
export interface CounterSync {
  /** Builds the function that queues a bucket of one limit for synchronisation. */
  of(name: string, seconds: number): (bucket: Bucket) => void;
  close(): void;
}

const intervalMilliseconds = 1000;
/** The rest waits for the next second: a flood of addresses must not become a flood of commands. */
const maxSyncsPerSecond = 500;

interface PendingCount {
  readonly name: string;
  readonly seconds: number;
  readonly bucket: Bucket;
}

/**
 * Builds counter synchronisation. No request waits for it: once a second each queued bucket adds its pending delta to a
 * counter that all gateways share, and takes over the sum. While the store does not answer, each gateway goes on by what it sees.
 */
export function createCounterSync({ counters, hash, logger }: CounterSyncParts): CounterSync {
  let queue: PendingCount[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isAlone = false;

  const sync = async ({ name, seconds, bucket }: PendingCount): Promise<void> => {
    const { window, pendingDelta } = bucket;
    bucket.isQueued = false;
    if (pendingDelta === 0) return;
    const key = `requests:${hash(`${name}\n${bucket.subject}`)}:${window}`;
    const total = await counters.increment(key, seconds * 2, pendingDelta);
    if (bucket.window !== window) return;
    bucket.pendingDelta -= pendingDelta;
    bucket.count = total + bucket.pendingDelta;
  };

  const syncAll = async (): Promise<void> => {
    const turn = queue.slice(0, maxSyncsPerSecond);
    queue = queue.slice(maxSyncsPerSecond);
    const outcomes = await Promise.allSettled(turn.map(sync));
    const isFailing = outcomes.some(({ status }) => status === 'rejected');
    // Said once for an outage, not once a second.
    if (isFailing && !isAlone)
      logger.warn('requests are limited by this gateway alone', { event: 'request-limits-not-shared' });
    isAlone = isFailing;
    timer = undefined;
    if (queue.length > 0) schedule();
  };

  const schedule = (): void => {
    timer ??= setTimeout(() => void syncAll(), intervalMilliseconds).unref();
  };

  return {
    of: (name, seconds) => (bucket) => {
      bucket.isQueued = true;
      queue.push({ name, seconds, bucket });
      schedule();
    },
    close: () => {
      queue = [];
      clearTimeout(timer);
    },
  };
}
