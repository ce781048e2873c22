import * as z from 'zod';

/** How much is hashed at once, and how much may wait for it. */
export const hashingLimits = z
  .strictObject({
    threads: z
      .number()
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe('Hashes at once, each on a thread of its own; absent means one less than cores, 1 to 4'),
    maxWaiting: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(256)
      .describe('Passwords that wait for it; more could not have their turn in time on most machines'),
    maxWaitingOfOne: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(64)
      .describe('Of these, from one address or one /64 of IPv6'),
    maxWaitSeconds: z
      .number()
      .int()
      .min(1)
      .max(60)
      .default(2)
      .describe('How long each may wait; then the answer is 503'),
  })
  .prefault({})
  .describe('How much is hashed at once, and how much may wait before more is refused');

export type HashingLimits = NonNullable<z.input<typeof hashingLimits>>;
