import { setTimeout as delay } from 'node:timers/promises';
import { createMiddleware } from 'hono/factory';

/**
 * Holds back every answer, also a refusal, until a fixed time after the request began. What the work found out on the
 * way (is there such a user?) does not show in the time. Work that takes longer is held until the next multiple.
 *
 * @param milliseconds 0 holds nothing back.
 */
export function answerFloor(milliseconds: number) {
  return createMiddleware(async function answerFloor(_context, next) {
    const begun = performance.now();
    try {
      await next();
    } finally {
      if (milliseconds > 0) await delay(remaining(performance.now() - begun, milliseconds));
    }
  });
}

function remaining(elapsed: number, floor: number): number {
  return Math.ceil(elapsed / floor) * floor - elapsed;
}
