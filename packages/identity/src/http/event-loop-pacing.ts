import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError } from '@sallyport/core';

/** Event-loop pacing: expensive requests take turns at the event loop. */
export interface EventLoopPacing {
  /** Resolves when it is the turn of the caller. */
  readonly nextTurn: () => Promise<void>;
  /** Throws `SP_SERVICE_UNAVAILABLE` when so many wait that no further request should. */
  readonly requireRoom: () => void;
}

/** As many as passwords may wait to be hashed: more could not go on in the time that people wait. */
const defaultMaxWaiting = 256;

/** For each millisecond that a turn took, the event loop belongs to others for so many. */
const restShare = 2;

/**
 * Builds event-loop pacing: one request goes on, the others wait, and then the loop belongs to what else the process
 * does. However many requests come at once, proxied traffic is held up by one of them and not by all.
 *
 * A request goes on at once when no turn was taken lately.
 */
export function createEventLoopPacing(maxWaiting = defaultMaxWaiting): EventLoopPacing {
  const waiting: (() => void)[] = [];
  let isTaken = false;

  const begin = (resolve: () => void): void => {
    isTaken = true;
    // Of two that are set at the same time, the second runs when all is done that the first led to without waiting.
    let begunAt = 0;
    setImmediate(() => {
      begunAt = performance.now();
      resolve();
    });
    setImmediate(() => void rest(performance.now() - begunAt));
  };
  const rest = async (took: number): Promise<void> => {
    await delay(took * restShare);
    const next = waiting.shift();
    if (next === undefined) isTaken = false;
    else begin(next);
  };

  return {
    nextTurn: () =>
      new Promise((resolve) => {
        if (isTaken) waiting.push(resolve);
        else begin(resolve);
      }),
    requireRoom: () => {
      if (waiting.length < maxWaiting) return;
      throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'event-loop-full', retryAfterSeconds: 2 });
    },
  };
}
