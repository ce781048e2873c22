import { Hono } from 'hono';
import type { SecurityEventLog, SessionDirectory, SessionStore } from '@sallyport/core';
import type { Authority } from '../../accounts/authority.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { SecondFactor } from './second-factor.ts';
import { changeProtection, type ProtectionChangeParts } from '../../accounts/change-protection.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import type { SessionRevocation } from '../../sessions/session-revocation.ts';
import { requireSession, type IdentityEnvironment } from '../../http/identity-request.ts';
import { readNothing } from '../../http/request-body.ts';
import { requireUserManager, type UserManagerParts } from '../../http/require-user-manager.ts';
import type { KernelEvent } from '../../events/kernel-events.ts';
import type { SecondFactorEvent } from './second-factor-events.ts';
import type { SecondFactorMail } from './second-factor-mails.ts';

export interface FactorResetParts extends ProtectionChangeParts, UserManagerParts {
  readonly authority: Authority;
  readonly directory: SessionDirectory;
  readonly secondFactor: SecondFactor;
  readonly sessions: SessionStore;
  readonly revocation: SessionRevocation;
  readonly mailer: AccountMailer<SecondFactorMail>;
  readonly events: SecurityEventLog<KernelEvent | SecondFactorEvent>;
}

/** How an administrator helps a user who lost every second factor and every recovery code. */
export function createFactorResetRoutes(parts: FactorResetParts) {
  const { authority, directory, secondFactor, events, sessions, revocation, mailer, now } = parts;

  return new Hono<IdentityEnvironment>().delete('/users/:id/second-factor', async (c) => {
    await readNothing(c.req.raw);
    const { context } = c.env;
    const session = await requireSession(context, directory);
    await requireUserManager(parts, session, context);
    const target = c.req.param('id');
    const by = { actor: session.principal.id, ...whereOf(context) };
    const reason = 'second-factor-changed';
    const resetting = changeProtection(parts, target, reason, async (owner) => {
      // One's own is removed on one's own page, by the rules that hold there.
      await authority.requireProtectionChange(owner, by);
      const methods = await secondFactor.factors.removeAll(target);
      await secondFactor.recoveryCodes.discard(target);
      await events.append({
        type: 'second-factor.reset',
        at: now(),
        outcome: 'success',
        target,
        ...by,
        details: { methods: [...methods] },
      });
    });
    const { user } = await resetting.catch(async (error: unknown) => {
      await authority.noteRefusal(error, target, by);
      throw error;
    });
    await revocation.transaction(reason, async (noteEnded) =>
      noteEnded(await sessions.revokeAll(target, reason, now())),
    );
    await mailer.send('second-factor-reset', user);
    return c.body(null, 204);
  });
}
