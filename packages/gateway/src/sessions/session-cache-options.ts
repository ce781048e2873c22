import * as z from 'zod';

/**
 * Sessions in the memory of a gateway, and as many credentials of programs. The bus is what ends sessions at once; `maxAgeSeconds` bounds the damage of a bus
 * that lost a message without noticing.
 */
export const sessionCacheOptionsSchema = z.strictObject({
  maxEntries: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(10_000)
    .describe('Sessions that are remembered, and as many credentials of programs'),
  maxAgeSeconds: z
    .number()
    .int()
    .min(0)
    .max(300)
    .default(60)
    .describe(
      'Age at which a session or a credential is read again although nothing was heard of it; 0 reads it on every request',
    ),
});

/** The bounds of the session cache as they are written in options. */
export type SessionCacheOptions = z.input<typeof sessionCacheOptionsSchema>;
