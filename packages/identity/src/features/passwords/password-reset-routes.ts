import { Hono } from 'hono';
import * as z from 'zod';
import {
  SallyportError,
  type RequestContext,
  type SecurityEventLog,
  type SessionStore,
  type InvalidationBus,
} from '@sallyport/core';
import type { OneTimeLinks } from '../../accounts/one-time-links.ts';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';
import type { RequireAcceptablePassword } from './password-rules.ts';
import type { User, UserTable } from '../../accounts/user-table.ts';
import type { Engine } from '../../engine/better-auth-engine.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { MakeReportedChange } from '../../events/reported-change.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import type { SessionRevocation } from '../../sessions/session-revocation.ts';
import { accountFields } from '../../http/account-fields.ts';
import { answerFloor, type AnswerFloor } from '../../http/answer-floor.ts';
import type { DeviceCookie } from '../../http/device-cookie.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody } from '../../http/request-body.ts';
import type { PasswordEvent } from './password-events.ts';
import type { PasswordMail } from './password-mails.ts';

export interface PasswordResetParts extends AnswerFloor {
  readonly engine: Engine;
  readonly users: UserTable;
  readonly links: OneTimeLinks;
  readonly mailer: AccountMailer<PasswordMail>;
  readonly events: SecurityEventLog<PasswordEvent>;
  readonly hashing: PasswordHashing;
  readonly deviceCookie: DeviceCookie;
  readonly requireAcceptablePassword: RequireAcceptablePassword;
  readonly sessions: SessionStore;
  readonly bus: InvalidationBus;
  readonly revocation: SessionRevocation;
  readonly makeReportedChange: MakeReportedChange;
  readonly now: () => Date;
}

const requestSchema = z.strictObject({ email: accountFields.email });
const resetSchema = z.strictObject({ token: accountFields.linkToken, newPassword: accountFields.chosenPassword });

/** A new password for who forgot the old one. It proves the email address, and ends every session of the account. */
export function createPasswordResetRoutes(parts: PasswordResetParts) {
  const { users, links, mailer, events, hashing, deviceCookie, now, requireAcceptablePassword } = parts;

  return new Hono<IdentityEnvironment>()
    .post('/request-password-reset', answerFloor(parts), async (c) => {
      const { email } = await readBody(c.req.raw, requestSchema);
      const user = await users.findByEmail(email);
      if (user !== null) {
        await events.append({
          type: 'account.password-reset-requested',
          at: now(),
          outcome: 'success',
          target: user.id,
          ...whereOf(c.env.context),
          details: {},
        });
        await mailer.send('reset-password', user, await links.issue('reset-password', user.id));
      }
      return c.json({ status: 'reset-sent' });
    })
    .post('/reset-password', async (c) => {
      const { token, newPassword } = await readBody(c.req.raw, resetSchema);
      const userId = await links.find('reset-password', token);
      const user = userId === null ? null : await users.findById(userId);
      if (user === null) throw new SallyportError('SP_LINK_INVALID', { reason: 'link-unknown' });
      // A password that is refused does not use the link up.
      requireAcceptablePassword('newPassword', newPassword, user);
      const passwordHash = await hashing.hash(newPassword);
      const changed = await changePassword(parts, token, passwordHash, c.env.context);
      // The reader of the mail is the owner: the way back in while an attacker uses up the limits of strangers.
      deviceCookie.trust(c, changed);
      await mailer.send('password-changed', { ...user, emailVerified: true });
      return c.json({ status: 'password-changed' });
    });
}

async function changePassword(
  parts: PasswordResetParts,
  token: string,
  passwordHash: string,
  context: RequestContext,
): Promise<User> {
  const { users, links, engine, sessions, events, bus, revocation, makeReportedChange, now } = parts;
  const reason = 'password-changed';
  const user = await revocation.transaction(reason, async (noteEnded) => {
    const at = now();
    const userId = await links.consume('reset-password', token);
    const before = userId === null ? null : await users.findById(userId);
    if (before === null) throw new SallyportError('SP_LINK_INVALID', { reason: 'link-unknown' });
    const replacePassword = async () => {
      await engine.setPasswordHash(before.id, passwordHash);
      // The reader of the mail owns the address, and the password of an earlier sign-up with it is gone.
      const changed = await users.change(before, { emailVerified: true }, at);
      if (changed === null) throw new SallyportError('SP_CONFLICT', { reason: 'account-changed' });
      const ended = await sessions.revokeAll(changed.id, reason, at);
      noteEnded(ended);
      await links.discard('reset-password', changed.id);
      return { user: changed, sessionsEnded: ended.length };
    };
    const { user: changed } = await makeReportedChange({
      preview: async () => ({ user: before, sessionsEnded: (await sessions.listLive(before.id, at)).length }),
      apply: replacePassword,
      report: ({ sessionsEnded }) =>
        events.append({
          type: 'account.password-changed',
          at,
          outcome: 'success',
          actor: before.id,
          target: before.id,
          ...whereOf(context),
          details: { sessionsEnded },
        }),
    });
    return changed;
  });
  await bus.publish({ kind: 'user', id: user.id, minGeneration: user.generation, at: now(), reason });
  return user;
}
