import { setTimeout as delay } from 'node:timers/promises';
import type { AnswerFloor } from '../../http/answer-floor.ts';

/** What holds answers back. */
export type HeldAnswerParts = Pick<AnswerFloor, 'floor' | 'wait' | 'clock'>;

/**
 * Begins an answer that must take as long whether an address has an account or not.
 *
 * @returns what waits until the floor of answers is reached, counted from now.
 */
export function beginHeldAnswer({
  floor,
  wait = delay,
  clock = () => performance.now(),
}: HeldAnswerParts): () => Promise<void> {
  const begun = clock();
  return async () => {
    await wait(Math.max(0, floor.milliseconds() - (clock() - begun)));
  };
}
