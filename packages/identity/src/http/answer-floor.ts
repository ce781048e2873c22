import { setTimeout as delay } from 'node:timers/promises';
import { createMiddleware } from 'hono/factory';
import { networkOf, SallyportError, silentLogger, silentMeter, type Logger, type Meter } from '@sallyport/core';
import type { IdentityEnvironment } from './identity-request.ts';
import type { EventLoopPacing } from './event-loop-pacing.ts';

/** Longer than a sign-in takes on most machines, and short for a person. */
export const usualAnswerFloorMilliseconds = 300;

/** Beyond it a floor is no protection, but an outage. */
const maxFloorMilliseconds = 10_000;
/** What a sign-in costs beside the hash: the store, and its turn. */
const besideTheHashMilliseconds = 100;
/** A machine in use is slower than one that was measured. */
const marginShare = 1.25;
/** Alarms about work that took longer than the floor are at least so far apart. */
const alarmEveryMilliseconds = 60_000;

/** The time before which no answer comes that could tell whether an account exists. */
export interface FloorOfTime {
  /** As it is now; 0 holds nothing back. */
  milliseconds(): number;
  /** Raises the floor above what a stored hash takes to verify. Never lowers it, and leaves 0 as it is. */
  follow(hashMilliseconds: number): void;
  /** Notes that an answer came later than the floor, so that its time may tell something. */
  noteLate(elapsedMilliseconds: number): void;
}

export interface FloorOfTimeOptions {
  /** As configured. */
  readonly milliseconds: number;
  readonly logger?: Logger | undefined;
  readonly meter?: Meter | undefined;
  /** @default the clock of the process, in milliseconds */
  readonly clock?: (() => number) | undefined;
}

/** Builds the floor: what is configured, or more where a stored hash takes more. */
export function createFloorOfTime(options: FloorOfTimeOptions): FloorOfTime {
  const { logger = silentLogger, meter = silentMeter, clock = () => performance.now() } = options;
  const late = meter.counter({
    name: 'sallyport_answer_floor_exceeded_total',
    help: 'Answers that came later than the floor of time: how late can tell whether an account exists',
  });
  let floor = options.milliseconds;
  let alarmedAt = -Infinity;
  return {
    milliseconds: () => floor,
    follow(hashMilliseconds) {
      const wanted = Math.ceil(hashMilliseconds * marginShare + besideTheHashMilliseconds);
      if (floor === 0 || wanted <= floor) return;
      floor = Math.min(wanted, maxFloorMilliseconds);
      logger.info('answers are held back longer, because a stored hash takes longer', {
        event: 'answer-floor-raised',
        milliseconds: floor,
      });
    },
    noteLate(elapsedMilliseconds) {
      late.of().add();
      const at = clock();
      if (at - alarmedAt < alarmEveryMilliseconds) return;
      alarmedAt = at;
      logger.warn('an answer came later than the floor of time', {
        event: 'answer-floor-exceeded',
        milliseconds: Math.round(elapsedMilliseconds),
        floorMilliseconds: floor,
      });
    },
  };
}

export interface AnswerFloor {
  readonly floor: FloorOfTime;
  readonly pacing: EventLoopPacing;
  /** Whether the database can take rows now. @default always */
  readonly canWrite?: (() => boolean) | undefined;
  /** How the time passes; tests put their own in place. @default a timer */
  readonly wait?: ((milliseconds: number) => Promise<unknown>) | undefined;
  /** @default the clock of the process, in milliseconds */
  readonly clock?: (() => number) | undefined;
}

/**
 * Holds back every answer, also a refusal, until a fixed time after the request began. What the work found out on the
 * way (is there such a user?) does not show in the time. Work that takes longer is answered at once, and is an alarm: to
 * hold it until a multiple of the floor would tell more by less, and hide that the floor is too low.
 * What came at the same time is let go at the same time, and therefore one after the other.
 */
export function answerFloor(parts: AnswerFloor) {
  const { floor, pacing, canWrite = () => true, wait = delay, clock = () => performance.now() } = parts;
  return createMiddleware<IdentityEnvironment>(async function answerFloor({ env }, next) {
    // An address without an account writes less: with a full disk it alone would be answered with success.
    if (!canWrite()) throw new SallyportError('SP_STORE_UNAVAILABLE', { reason: 'disk-full', retryAfterSeconds: 10 });
    const network = networkOf(env.context.clientAddress);
    // Told at once: it says nothing but that many are here.
    pacing.requireRoom(network);
    const begun = clock();
    await pacing.nextTurn(network);
    try {
      await next();
    } finally {
      const milliseconds = floor.milliseconds();
      if (milliseconds > 0) {
        const elapsed = clock() - begun;
        if (elapsed <= milliseconds) await wait(milliseconds - elapsed);
        else floor.noteLate(elapsed);
        await pacing.nextTurn(network);
      }
    }
  });
}
