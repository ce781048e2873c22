import * as z from 'zod';

/** The circuit breaker of each target behind a route. */
export const upstreamOptionsSchema = z.strictObject({
  failures: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(10)
    .describe('Requests in a row without an answer that open the circuit breaker of a target'),
  pauseSeconds: z
    .number()
    .int()
    .min(1)
    .max(300)
    .default(1)
    .describe('How long it stays open, until one request probes the target'),
});

/** The circuit breaker as it is written in options. */
export type UpstreamOptions = z.input<typeof upstreamOptionsSchema>;
