import { isPermission } from '@sallyport/core';
import * as z from 'zod';
import { accountFields } from '../../http/account-fields.ts';

/** What people and operators say of keys, as it arrives. */
export const apiKeyFields = {
  name: accountFields.name,
  scopes: z
    .array(z.string().max(200).refine(isPermission, 'must be a permission such as "product:read"'))
    .max(200, 'has too many entries'),
  days: z.number().int('must be a whole number').min(1, 'must be at least 1').max(3650, 'must be at most 3650'),
  overlapSeconds: z
    .number()
    .int('must be a whole number')
    .min(0, 'must be at least 0')
    .max(30 * 86_400, 'must be at most 30 days'),
  keyId: z.string().regex(/^key_[0-9a-f]{20}$/, 'must be the handle of a key'),
} as const;
