import type { SecurityEvent } from '@sallyport/core';
import * as z from 'zod';

/** Security events of back-channel logout. `target` is the account whose session ended. */
export const logoutEvents = {
  'backchannel-logout.dropped': z
    .strictObject({ clientId: z.string(), attempts: z.number().int(), failure: z.string() })
    .describe('An OAuth client was not told that a session ended: it took no logout token for a day'),
} as const;

/** An event of the catalog. */
export type LogoutEvent = SecurityEvent<typeof logoutEvents>;
