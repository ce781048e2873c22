import { Hono } from 'hono';
import { SallyportError } from '@sallyport/core';
import { whereOf } from '../events/security-event-log.ts';
import { changeFactors } from '../factors/change-factors.ts';
import type { IdentityParts } from '../identity-parts.ts';
import { requireSession, type IdentityEnvironment } from './identity-request.ts';
import { readNothing } from './request-body.ts';
import { requireRecent } from './require-recent.ts';
import { requireUserManager } from './require-user-manager.ts';

/** How an administrator helps somebody who lost every second factor and every recovery code. */
export function createFactorResetRoutes(parts: IdentityParts) {
  const { directory, secondFactor, events, sessions, revocation, post, now } = parts;

  return new Hono<IdentityEnvironment>().delete('/users/:id/second-factor', async (c) => {
    await readNothing(c.req.raw);
    const { context } = c.env;
    const session = await requireSession(context, directory);
    await requireUserManager(parts, session, context);
    await requireRecent(session, parts);
    const target = c.req.param('id');
    // One's own is removed on one's own page, by the rules that hold there.
    if (target === session.principal.id) throw new SallyportError('SP_FORBIDDEN', { reason: 'own-account' });
    const reason = 'second-factor-changed';
    const { user } = await changeFactors(parts, target, reason, async () => {
      const methods = await secondFactor.factors.removeAll(target);
      await secondFactor.recoveryCodes.discard(target);
      await events.append({
        type: 'second-factor.reset',
        at: now(),
        outcome: 'success',
        actor: session.principal.id,
        target,
        ...whereOf(context),
        details: { methods: [...methods] },
      });
    });
    await revocation.announce(await sessions.revokeAll(target, reason, now()), reason);
    await post.send('secondFactorReset', user);
    return c.body(null, 204);
  });
}
