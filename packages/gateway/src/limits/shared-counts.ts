import type { Counters, Logger } from '@sallyport/core';
import type { Bucket } from './request-limiter.ts';

/** Where gateways tell each other what they counted. */
export interface SharedCountsParts {
  readonly counters: Counters;
  /** At rest there is only a hash of whom something is counted for. */
  readonly hash: (text: string) => string;
  readonly logger: Logger;
}

/** Tells other gateways what was counted, and hears from them, in the background. */
export interface SharedCounts {
  /** Builds what is told of the buckets of one limit. */
  of(name: string, seconds: number): (bucket: Bucket) => void;
  close(): void;
}

const intervalMilliseconds = 1000;
/** The others have their turn in the next second: a flood of addresses must not become one of commands. */
const toldAtOnce = 500;

interface Told {
  readonly name: string;
  readonly seconds: number;
  readonly bucket: Bucket;
}

/**
 * Builds the sharing. Nobody waits for it: once a second the buckets that have something to tell add it to a counter
 * that all gateways share, and take over the sum. While the store does not answer, each gateway goes on by what it sees.
 */
export function createSharedCounts({ counters, hash, logger }: SharedCountsParts): SharedCounts {
  let queue: Told[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isAlone = false;

  const tell = async ({ name, seconds, bucket }: Told): Promise<void> => {
    const { window, untold } = bucket;
    bucket.isQueued = false;
    if (untold === 0) return;
    const key = `requests:${hash(`${name}\n${bucket.subject}`)}:${window}`;
    const total = await counters.increment(key, seconds * 2, untold);
    if (bucket.window !== window) return;
    bucket.untold -= untold;
    bucket.count = total + bucket.untold;
  };

  const tellAll = async (): Promise<void> => {
    const turn = queue.slice(0, toldAtOnce);
    queue = queue.slice(toldAtOnce);
    const outcomes = await Promise.allSettled(turn.map(tell));
    const isFailing = outcomes.some(({ status }) => status === 'rejected');
    // Said once for an outage, not once a second.
    if (isFailing && !isAlone) logger.warn('requests are limited by this gateway alone', {});
    isAlone = isFailing;
    timer = undefined;
    if (queue.length > 0) schedule();
  };

  const schedule = (): void => {
    timer ??= setTimeout(() => void tellAll(), intervalMilliseconds).unref();
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
