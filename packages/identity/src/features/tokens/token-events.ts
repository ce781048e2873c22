import type { SecurityEvent } from '@sallyport/core';
import * as z from 'zod';

/** Security events of first-party tokens. */
export const tokenEvents = {
  'refresh-token.reused': z
    .strictObject({ behind: z.number().int(), secondsAfter: z.number().int() })
    .describe(
      'A refresh token was presented again after it was used, by its owner or by a thief: its sign-in ended (`behind`: how many tokens ago it was good; `secondsAfter`: since the newest one is)',
    ),
} as const;

/** An event of the catalog. */
export type TokenEvent = SecurityEvent<typeof tokenEvents>;
