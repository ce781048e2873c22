import { Hono } from 'hono';
import * as z from 'zod';
import { SallyportError, type LinkAnswer } from '@sallyport/core';
import type { OneTimeLinks } from '../../accounts/one-time-links.ts';
import type { UserTable } from '../../accounts/user-table.ts';
import { accountFields } from '../../http/account-fields.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody } from '../../http/request-body.ts';

export interface LinkParts {
  readonly links: OneTimeLinks;
  readonly users: UserTable;
}

const checkSchema = z.strictObject({
  purpose: z.enum(['verify-email', 'reset-password']),
  token: accountFields.linkToken,
});

/** Says whether a mailed link would work now, and whose it is. It stays as good as it was. */
export function createLinkRoutes({ links, users }: LinkParts) {
  return new Hono<IdentityEnvironment>().post('/check-link', async (c) => {
    const { purpose, token } = await readBody(c.req.raw, checkSchema);
    const userId = await links.find(purpose, token);
    const user = userId === null ? null : await users.findById(userId);
    if (user === null) throw new SallyportError('SP_LINK_INVALID', { reason: 'link-unknown' });
    return c.json({ status: 'valid', email: user.email } satisfies LinkAnswer);
  });
}
