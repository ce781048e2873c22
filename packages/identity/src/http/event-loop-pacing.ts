import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError } from '@sallyport/core';

/** Event-loop pacing: expensive requests take turns at the event loop. */
export interface EventLoopPacing {
  /** Resolves when it is the turn of the caller. `network` is that of its client: networks take turns. */
  readonly nextTurn: (network: string) => Promise<void>;
  /**
   * Throws `SP_TOO_MANY_REQUESTS` when so many requests of one network wait that no further one should, and
   * `SP_SERVICE_UNAVAILABLE` when so many of all do.
   */
  readonly requireRoom: (network: string) => void;
}

export interface EventLoopPacingOptions {
  /** @default 256, as many as passwords may wait to be hashed: more could not go on in the time that people wait */
  readonly maxWaiting?: number;
  /** Of one network. @default a quarter */
  readonly maxWaitingOfOne?: number;
}

const retryAfterSeconds = 2;

/** For each millisecond that a turn took, the event loop belongs to others for so many. */
const restShare = 2;

/**
 * Builds event-loop pacing: one request goes on, the others wait, and then the loop belongs to what else the process
 * does. However many requests come at once, proxied traffic is held up by one of them and not by all. Networks take
 * turns (round robin), so that one with a hundred requests delays no other.
 *
 * A request goes on at once when no turn was taken lately.
 */
export function createEventLoopPacing(options: EventLoopPacingOptions = {}): EventLoopPacing {
  const { maxWaiting = 256, maxWaitingOfOne = Math.ceil(maxWaiting / 4) } = options;
  // In the order of their turns: whose turn it was goes to the end.
  const queues = new Map<string, (() => void)[]>();
  let waiting = 0;
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
    const next = shift();
    if (next === undefined) isTaken = false;
    else begin(next);
  };
  const shift = (): (() => void) | undefined => {
    const [turn] = queues;
    if (turn === undefined) return undefined;
    const [network, queue] = turn;
    queues.delete(network);
    if (queue.length > 1) queues.set(network, queue);
    waiting--;
    return queue.shift();
  };

  return {
    nextTurn: (network) =>
      new Promise((resolve) => {
        if (!isTaken) return begin(resolve);
        const queue = queues.get(network);
        if (queue === undefined) queues.set(network, [resolve]);
        else queue.push(resolve);
        waiting++;
      }),
    requireRoom: (network) => {
      if ((queues.get(network)?.length ?? 0) >= maxWaitingOfOne)
        throw new SallyportError('SP_TOO_MANY_REQUESTS', { reason: 'event-loop-share', retryAfterSeconds });
      if (waiting >= maxWaiting)
        throw new SallyportError('SP_SERVICE_UNAVAILABLE', { reason: 'event-loop-full', retryAfterSeconds });
    },
  };
}
