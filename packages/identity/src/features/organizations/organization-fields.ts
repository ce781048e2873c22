import * as z from 'zod';
import { accountFields, plainText } from '../../http/account-fields.ts';
import { isHarmlessName } from '../../mail/greeting.ts';

/** What users say of organizations, as it arrives. */
export const organizationFields = {
  /** It stands in mails to strangers. */
  name: plainText(60).refine(isHarmlessName, 'must not read like an address, a link or a number to call'),
  roles: z.array(z.string().max(50)).min(1, 'must name at least one role').max(10, 'has too many entries'),
  email: accountFields.email,
  organization: z.string().max(100),
  token: accountFields.linkToken,
} as const;
