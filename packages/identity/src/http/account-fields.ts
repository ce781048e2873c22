import * as z from 'zod';
import { toEmailAddress } from '../accounts/email-address.ts';

/** Control characters, line ends, and the marks that turn the direction of what follows. */
const notPlain = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** A text of one line, without what could disturb a list or a terminal. */
export const plainText = (max: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(max, `must have at most ${max} characters`)
    .refine((text) => text.isWellFormed() && !notPlain.test(text), 'must be plain text on one line');

/** What people type on the pages of identity, as it arrives. */
export const accountFields = {
  name: plainText(100),
  email: z.string().transform((typed, context) => {
    const address = toEmailAddress(typed);
    if (address !== undefined) return address;
    context.addIssue({ code: 'custom', message: 'must look like name@example.com' });
    return z.NEVER;
  }),
  /** A password to check: what it may be was decided when it was chosen. */
  presentedPassword: z.string().min(1, 'must not be empty').max(1024, 'is too long'),
  /** A password to keep. Its length is judged by the rules, which say what they want. */
  chosenPassword: z.string().refine((text) => text.isWellFormed(), 'must be valid text'),
  linkToken: z.string().max(512, 'is too long'),
} as const;
