import * as z from 'zod';

/** How the targets behind routes are dealt with. */
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
  connectionSeconds: z
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(120)
    .describe(
      'How old a kept connection may be that is used again; the next one asks for the address of the target anew',
    ),
});

/** The same as it is written in options. */
export type UpstreamOptions = z.input<typeof upstreamOptionsSchema>;
