import { OptionsError } from '@sallyport/core';
import * as z from 'zod';
import type { SessionLifetime } from './session-maker.ts';

/** Ten years. Times that are much further away cannot be written as dates. */
const maxSeconds = 315_360_000;
const seconds = z.number().int().min(1).max(maxSeconds);

/** How long a session lives. `isWithinAbsolute` holds as well. */
export const sessionLifetimeSchema = z.strictObject({
  idleSeconds: seconds.default(43_200).describe('A session without requests ends after this time'),
  absoluteSeconds: seconds.default(604_800).describe('A session ends after this time whatever happens'),
});

/** Whether a session can end by idling before it ends at all. */
export function isWithinAbsolute({ idleSeconds, absoluteSeconds }: SessionLifetime): boolean {
  return idleSeconds <= absoluteSeconds;
}

/** @throws OptionsError when a time is not a whole number of seconds, or a session would idle longer than it lives. */
export function requireSessionLifetime({ idleSeconds, absoluteSeconds }: SessionLifetime): void {
  const { success } = sessionLifetimeSchema.safeParse({ idleSeconds, absoluteSeconds });
  if (!success || !isWithinAbsolute({ idleSeconds, absoluteSeconds }))
    throw new OptionsError('a session must live for whole seconds, and at least as long at all as without use');
}
