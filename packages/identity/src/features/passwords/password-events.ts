import type { SecurityEvent } from '@sallyport/core';
import * as z from 'zod';

/** Security events of sign-up and of passwords. */
export const passwordEvents = {
  'account.sign-up-repeated': z
    .strictObject({})
    .describe('A visitor signed up with an address that has an account already; its owner is told by mail'),
  'account.email-verified': z
    .strictObject({ credentials: z.enum(['kept', 'replaced']) })
    .describe('The address of an account was proved by a mailed link; what was chosen before was kept or replaced'),
  'account.password-reset-requested': z.strictObject({}).describe('A mail with a reset link was asked for'),
  'account.password-changed': z
    .strictObject({ sessionsEnded: z.number().int() })
    .describe('A password was replaced through a reset link, which ends the sessions of the account'),
} as const;

/** An event of the catalog. */
export type PasswordEvent = SecurityEvent<typeof passwordEvents>;
