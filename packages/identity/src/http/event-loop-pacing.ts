import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError } from '@sallyport/core';

/** Turns at the event loop. */
export interface LoopTurns {
  /** Resolves when it is the turn of who asks. */
  readonly take: () => Promise<void>;
  /** Throws `SP_SERVICE_UNAVAILABLE` when so many wait that nobody else should begin to. */
  readonly requireRoom: () => void;
}

/** As many as passwords may wait to be hashed: more could not go on in the time that people wait. */
const usualMaximumWaiting = 256;

/** For each millisecond that a turn took, the event loop belongs to others for so many. */
const restShare = 2;

/**
 * Builds turns at the event loop: one request goes on, the others wait, and then the loop belongs to what else the
 * process does. However many come at once, what is proxied meanwhile is held up by one of them and not by all.
 *
 * Whoever asks when nobody had a turn lately goes on at once.
 */
export function createLoopTurns(maximumWaiting = usualMaximumWaiting): LoopTurns {
  const waiting: (() => void)[] = [];
  let isTaken = false;

  const take = (begin: () => void): void => {
    isTaken = true;
    // Of two that are set at the same time, the second runs when all is done that the first led to without waiting.
    let begunAt = 0;
    setImmediate(() => {
      begunAt = performance.now();
      begin();
    });
    setImmediate(() => void rest(performance.now() - begunAt));
  };
  const rest = async (took: number): Promise<void> => {
    await delay(took * restShare);
    const next = waiting.shift();
    if (next === undefined) isTaken = false;
    else take(next);
  };

  return {
    take: () =>
      new Promise((resolve) => {
        if (isTaken) waiting.push(resolve);
        else take(resolve);
      }),
    requireRoom: () => {
      if (waiting.length < maximumWaiting) return;
      throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'loop-turns', retryAfterSeconds: 2 });
    },
  };
}
