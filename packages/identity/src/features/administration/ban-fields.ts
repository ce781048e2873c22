import * as z from 'zod';
import { plainText } from '../../http/account-fields.ts';

/** What may be said of a ban, as it arrives. */
export const banFields = {
  until: z.iso
    .datetime({ offset: true, error: 'must be a time, such as 2030-01-31T12:00:00Z' })
    .transform((text) => new Date(text))
    .optional(),
  reason: plainText(200).optional(),
} as const;
