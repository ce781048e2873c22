import { isLoopbackHost } from '@sallyport/core';
import * as z from 'zod';

const oneYearSeconds = 31_536_000;

/** What browsers remember about https (RFC 6797). Nothing is sent for loopback hosts, nor where plain http is served. */
export const strictTransportSchema = z.strictObject({
  maxAgeSeconds: z
    .number()
    .int()
    .refine(
      (value) => value === 0 || (value >= oneYearSeconds && value <= 10 * oneYearSeconds),
      'must be a year (31536000) to ten years, or 0',
    )
    .default(oneYearSeconds)
    .describe('How long browsers refuse plain http; 0 makes them forget'),
  includeSubDomains: z.boolean().default(false).describe('Whether every host below is held to https too'),
});

/** The header as it is written in options. */
export type StrictTransportOptions = z.input<typeof strictTransportSchema>;

/**
 * The value of `Strict-Transport-Security`; `undefined` sends none. For `localhost` it would turn every other project on
 * that machine, on any port, into one that needs https.
 */
export function toStrictTransport(
  { protocol, hostname }: URL,
  { maxAgeSeconds, includeSubDomains }: z.output<typeof strictTransportSchema>,
): string | undefined {
  if (protocol !== 'https:' || isLoopbackHost(hostname)) return undefined;
  return `max-age=${maxAgeSeconds}${includeSubDomains ? '; includeSubDomains' : ''}`;
}
