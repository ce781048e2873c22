import { setTimeout as delay } from 'node:timers/promises';
import { createMiddleware } from 'hono/factory';
import { networkOf } from '@sallyport/core';
import type { IdentityEnvironment } from './identity-request.ts';
import type { EventLoopPacing } from './event-loop-pacing.ts';

/** Longer than a sign-in takes on most machines, and short for a person. */
export const usualAnswerFloorMilliseconds = 300;

export interface AnswerFloor {
  /** 0 holds nothing back. */
  readonly answerFloorMilliseconds: number;
  readonly pacing: EventLoopPacing;
  /** How the time passes; tests put their own in place. @default a timer */
  readonly wait?: ((milliseconds: number) => Promise<unknown>) | undefined;
}

/**
 * Holds back every answer, also a refusal, until a fixed time after the request began. What the work found out on the
 * way (is there such a user?) does not show in the time. Work that takes longer is held until the next multiple.
 * What came at the same time is let go at the same time, and therefore one after the other.
 */
export function answerFloor({ answerFloorMilliseconds: milliseconds, pacing, wait = delay }: AnswerFloor) {
  return createMiddleware<IdentityEnvironment>(async function answerFloor({ env }, next) {
    const network = networkOf(env.context.clientAddress);
    // Told at once: it says nothing but that many are here.
    pacing.requireRoom(network);
    const begun = performance.now();
    await pacing.nextTurn(network);
    try {
      await next();
    } finally {
      if (milliseconds > 0) {
        await wait(remaining(performance.now() - begun, milliseconds));
        await pacing.nextTurn(network);
      }
    }
  });
}

function remaining(elapsed: number, floor: number): number {
  return Math.ceil(elapsed / floor) * floor - elapsed;
}
