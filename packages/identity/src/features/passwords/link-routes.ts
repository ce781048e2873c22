import { Hono } from 'hono';
import * as z from 'zod';
import { SallyportError, type LinkAnswer } from '@sallyport/core';
import type { OneTimeLinks } from '../../accounts/one-time-links.ts';
import type { UserTable } from '../../accounts/user-table.ts';
import { accountFields } from '../../http/account-fields.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody } from '../../http/request-body.ts';
import type { SignUpCookie } from '../../http/sign-up-cookie.ts';

export interface LinkParts {
  readonly links: OneTimeLinks;
  readonly users: UserTable;
  readonly signUpCookie: SignUpCookie;
}

const checkSchema = z.strictObject({
  purpose: z.enum(['verify-email', 'reset-password']),
  token: accountFields.linkToken,
});

/** Says whether a mailed link would work now, whose it is, and what has to be chosen. It stays as good as it was. */
export function createLinkRoutes({ links, users, signUpCookie }: LinkParts) {
  return new Hono<IdentityEnvironment>().post('/check-link', async (c) => {
    const { purpose, token } = await readBody(c.req.raw, checkSchema);
    const userId = await links.find(purpose, token);
    const user = userId === null ? null : await users.findById(userId);
    // What was proved meanwhile is not confirmed again.
    if (user === null || (purpose === 'verify-email' && user.emailVerified))
      throw new SallyportError('SP_LINK_INVALID', { reason: 'link-unknown' });
    const isOfThisBrowser = purpose === 'verify-email' && signUpCookie.isOf(c, user.id);
    const asksFor = isOfThisBrowser ? [] : [...(user.emailVerified ? [] : ['name' as const]), 'newPassword' as const];
    return c.json({ status: 'valid', email: user.email, asksFor } satisfies LinkAnswer);
  });
}
