import * as z from 'zod';
import { hashingLimits } from '../../hashing/hashing-limits.ts';
import { usualAnswerFloorMilliseconds } from '../../http/answer-floor.ts';

/** Rules on passwords, and the time that they cost. The kernel hashes and holds answers back, for other features too. */
export const passwordConfig = z
  .strictObject({
    minLength: z
      .number()
      .int()
      .min(8)
      .max(64)
      .default(15)
      .describe('Shortest password (NIST SP 800-63B-4: 15 when it is the only factor)'),
    answerFloorMilliseconds: z
      .number()
      .int()
      .min(100)
      .max(10_000)
      .default(usualAnswerFloorMilliseconds)
      .describe(
        'No answer that could tell whether an account exists comes sooner; a stored hash that takes longer raises it by itself',
      ),
    hashing: hashingLimits,
  })
  .prefault({})
  .describe('Passwords: rules, of which none is about composition, and hashing');

export type PasswordConfig = z.output<typeof passwordConfig>;
