import * as z from 'zod';

const clientId = z.string();

/** Security events of sign-ins of devices (RFC 8628). `target` is the account. */
export const deviceEvents = {
  'oauth-device.allowed': z
    .strictObject({ clientId, scopes: z.array(z.string()), deviceAddress: z.string() })
    .describe('A user entered the code of a device and let it sign in: a session of its own began'),
  'oauth-device.refused': z
    .strictObject({ clientId, deviceAddress: z.string() })
    .describe('A user entered the code of a device and let it have nothing'),
  'oauth-device.guessing-limited': z
    .strictObject({ limit: z.enum(['account', 'network']) })
    .describe(
      'Codes of devices were entered that are none, more often than may happen; the first refusal within the time',
    ),
} as const;
