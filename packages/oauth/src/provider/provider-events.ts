import type { SecurityEvent } from '@sallyport/core';
import * as z from 'zod';
import { deviceEvents } from '../device-flow/device-events.ts';

const clientId = z.string();

/** Security events of the provider. `target` is the account whose sign-in it is about. */
export const providerEvents = {
  'oauth-consent.given': z
    .strictObject({ clientId, scopes: z.array(z.string()) })
    .describe('A user let an OAuth client have what it asked for'),
  'oauth-consent.withdrawn': z
    .strictObject({ clientId })
    .describe('A user took back what an OAuth client was let have, in all sign-ins: its grants and tokens ended'),
  'oauth-consent.refused': z.strictObject({ clientId }).describe('A user let an OAuth client have nothing'),
  'oauth-delegation.begun': z
    .strictObject({ clientId, grantedTo: clientId })
    .describe(
      'An OAuth client began to act for a user by token exchange, under what the user granted to another client (`grantedTo`) in that sign-in',
    ),
  'oauth-token.reused': z
    .strictObject({ clientId, token: z.enum(['code', 'device-code', 'refresh-token']) })
    .describe(
      'An authorization code, the code of a device or a refresh token was presented again after it was used, by its client or by a thief: what the client was granted in that sign-in ended',
    ),
  ...deviceEvents,
} as const;

/** An event of the catalog. */
export type ProviderEvent = SecurityEvent<typeof providerEvents>;
