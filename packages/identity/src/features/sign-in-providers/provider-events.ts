import type { SecurityEvent } from '@sallyport/core';
import * as z from 'zod';

const provider = z.string();
const issuer = z.string();

/** Security events of identity providers. `target` is the account, where one is known. */
export const providerEvents = {
  'provider.connected': z
    .strictObject({ provider, issuer, how: z.enum(['sign-up', 'same-address', 'signed-in']) })
    .describe(
      'An account of an identity provider was connected: with a new account, because both sides had proved the same address, or by its signed-in owner',
    ),
  'provider.disconnected': z
    .strictObject({ provider, issuer })
    .describe('The owner of an account disconnected an identity provider'),
  'provider.sign-in-refused': z
    .strictObject({ provider, reason: z.string() })
    .describe('What came back from an identity provider was refused'),
  'provider.address-taken': z
    .strictObject({ provider })
    .describe('A sign-in with an identity provider gave an unproved address that has an account; its owner was told'),
  'provider.stepped-up': z
    .strictObject({ provider, acr: z.string() })
    .describe('The owner of a session confirmed who they are at an identity provider; its cookie has a new token'),
  'provider.logout-received': z
    .strictObject({ provider, sessionsEnded: z.number().int() })
    .describe('An identity provider said that a session or an account of it signed out (back-channel logout)'),
  'provider.logout-refused': z.strictObject({ provider, reason: z.string() }).describe('A logout token was refused'),
  'provider.token-handed-out': z
    .strictObject({ provider, audience: z.string(), alsoBefore: z.number().int() })
    .describe(
      'A service got the access token of an identity provider for a user: the first time, and at most every ten minutes; alsoBefore counts those in between',
    ),
  'provider.grant-ended': z
    .strictObject({ provider, reason: z.enum(['refused', 'lost-reply', 'expired', 'unreadable']) })
    .describe(
      'An identity provider takes the refresh token of a user no longer, there is none, or what is kept cannot be opened with the root secret: services get no token until the user signs in there again',
    ),
  'provider.tokens-revoked': z
    .strictObject({ provider, how: z.enum(['revoked', 'not-announced', 'given-up']) })
    .describe(
      'Kept tokens were deleted after they were revoked at their identity provider, or because it has no revocation or did not answer for hours',
    ),
} as const;

/** An event of the catalog. */
export type ProviderEvent = SecurityEvent<typeof providerEvents>;
