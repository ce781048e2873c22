import * as z from 'zod';

/** Short, because a service that does not listen to revocations accepts a token for as long as it lives. */
export const tokenLifetimeSchema = z
  .number()
  .int()
  .min(30)
  .max(300)
  .default(60)
  .describe('Lifetime of internal tokens');
