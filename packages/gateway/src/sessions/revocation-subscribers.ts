import * as z from 'zod';

/** How many services may listen to revocations on the internal listener. */
export const revocationSubscribersSchema = z
  .number()
  .int()
  .min(0)
  .max(10_000)
  .default(256)
  .describe('How many services may listen to revocations at the same time; 0 lets none');
