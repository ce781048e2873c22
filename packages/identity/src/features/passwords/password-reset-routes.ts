import { Hono } from 'hono';
import * as z from 'zod';
import { SallyportError } from '@sallyport/core';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';
import type { RequireAcceptablePassword } from '../../accounts/chosen-passwords.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import { accountFields } from '../../http/account-fields.ts';
import { answerFloor, type AnswerFloor } from '../../http/answer-floor.ts';
import type { DeviceCookie } from '../../http/device-cookie.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody } from '../../http/request-body.ts';
import { claimAccount, type ClaimAccountParts } from './claim-account.ts';
import type { PasswordMail } from './password-mails.ts';

export interface PasswordResetParts extends AnswerFloor, ClaimAccountParts {
  readonly mailer: AccountMailer<PasswordMail>;
  readonly hashing: PasswordHashing;
  readonly deviceCookie: DeviceCookie;
  readonly requireAcceptablePassword: RequireAcceptablePassword;
}

const requestSchema = z.strictObject({ email: accountFields.email });
const resetSchema = z.strictObject({
  token: accountFields.linkToken,
  newPassword: accountFields.chosenPassword,
  name: accountFields.name.optional(),
});

/** A new password for who forgot the old one. It proves the email address, and ends every session of the account. */
export function createPasswordResetRoutes(parts: PasswordResetParts) {
  const { users, links, mailer, events, hashing, deviceCookie, now, requireAcceptablePassword } = parts;

  return new Hono<IdentityEnvironment>()
    .post('/request-password-reset', answerFloor(parts), async (c) => {
      const { email } = await readBody(c.req.raw, requestSchema);
      const user = await users.findByEmail(email);
      // Before anything is written: visitors cannot fill a table with what is never mailed.
      const send = user === null ? null : await mailer.reserve('reset-password', user, c.env.context.clientAddress);
      if (user !== null && send !== null) {
        await events.append({
          type: 'account.password-reset-requested',
          at: now(),
          outcome: 'success',
          target: user.id,
          ...whereOf(c.env.context),
          details: {},
        });
        send(await links.issue('reset-password', user.id));
      }
      return c.json({ status: 'reset-sent' });
    })
    .post('/reset-password', async (c) => {
      const { token, newPassword, name } = await readBody(c.req.raw, resetSchema);
      const userId = await links.find('reset-password', token);
      const user = userId === null ? null : await users.findById(userId);
      if (user === null) throw new SallyportError('SP_LINK_INVALID', { reason: 'link-unknown' });
      if (user.emailVerified && name !== undefined) throw nameNotAsked();
      const owner = { email: user.email, name: user.emailVerified ? user.name : (name ?? nameFrom(user.email)) };
      // A password that is refused does not use the link up.
      requireAcceptablePassword('newPassword', newPassword, owner);
      const passwordHash = await hashing.hash(newPassword);
      const claim = { purpose: 'reset-password', token, passwordHash, name: owner.name } as const;
      const changed = await claimAccount(parts, claim, c.env.context);
      // The reader of the mail is the owner: the way back in while an attacker uses up the limits of strangers.
      deviceCookie.trust(c, changed);
      await mailer.send('password-changed', changed);
      return c.json({ status: 'password-changed' });
    });
}

/** What stands in place of a name that was set before the address was proved. */
function nameFrom(email: string): string {
  return email.slice(0, email.lastIndexOf('@')).slice(0, 100);
}

function nameNotAsked(): SallyportError {
  return new SallyportError('SP_VALIDATION_FAILED', {
    reason: 'name-not-asked',
    errors: [{ field: 'name', message: 'is not asked for: this account has one' }],
  });
}
