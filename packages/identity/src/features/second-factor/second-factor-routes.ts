import { Hono } from 'hono';
import * as z from 'zod';
import { type PendingAnswer, type SignedInAnswer, toSafeReturnTo, type PageTable } from '@sallyport/core';
import { resendSeconds } from './code-limiter.ts';
import { codeMethods } from './factor-method.ts';
import { requireCodeOfPending, sendCodeOfPending } from './code-of-pending.ts';
import { toStoredUserAgent } from '../../sessions/device-label.ts';
import { completeSignIn, type CompleteSignInParts } from './complete-sign-in.ts';
import type { DeviceTrust } from '../../accounts/device-trust.ts';
import type { DeviceCookie } from '../../http/device-cookie.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import { findPending, requirePending, type PendingRequestParts } from './pending-request.ts';
import { readBody, readNothing } from '../../http/request-body.ts';
import { toShownFactor } from './shown-factor.ts';
import { toShownUser } from '../../accounts/shown-user.ts';

export interface SecondFactorParts extends CompleteSignInParts, PendingRequestParts {
  readonly pages: PageTable;
  readonly deviceCookie: DeviceCookie;
  readonly devices: DeviceTrust;
}

/** A code as it is typed. What it must look like depends on its method; a wrong one is just wrong. */
export const typedCode = z.string().trim().min(1, 'must not be empty').max(64, 'is too long');

const sendSchema = z.strictObject({ method: z.enum(['email', 'sms']) });
const verifySchema = z.strictObject({ method: z.enum(codeMethods), code: typedCode, returnTo: z.string().optional() });

/** The second step of a sign-in: what can be asked, sent and answered between the first factor and the session. */
export function createSecondFactorRoutes(parts: SecondFactorParts) {
  const { secondFactor } = parts;
  const { factors, methods: enabled, pendingCookie, recoveryCodes } = secondFactor;

  return new Hono<IdentityEnvironment>()
    .get('/second-factor/pending', async (c) => {
      const found = await findPending(c.req.raw, parts);
      if (found === null) return c.json({ status: 'none' } satisfies PendingAnswer);
      const { pending, user } = found;
      const { purpose, expiresAt } = pending;
      const common = { status: 'pending' as const, purpose, expiresAt: expiresAt.toISOString(), resendSeconds };
      if (purpose === 'set-up')
        return c.json({ ...common, methods: enabled.map((method) => ({ method })) } satisfies PendingAnswer);
      const owned = (await factors.list(user.id)).filter(({ method }) => enabled.includes(method));
      const hasRecoveryCodes = (await recoveryCodes.countLeft(user.id)) > 0;
      return c.json({ ...common, methods: owned.map(toShownFactor), hasRecoveryCodes } satisfies PendingAnswer);
    })
    .post('/second-factor/send', async (c) => {
      const { method } = await readBody(c.req.raw, sendSchema);
      const { pending, user } = await requirePending(c.req.raw, parts, 'verify');
      await sendCodeOfPending(secondFactor, { pending, user }, method, c.env.context);
      return c.json({ status: 'code-sent' as const, resendSeconds });
    })
    .post('/second-factor/verify', async (c) => {
      const { method, code, returnTo } = await readBody(c.req.raw, verifySchema);
      const { context } = c.env;
      const { pending, user } = await requirePending(c.req.raw, parts, 'verify');
      const device = parts.devices.find(parts.deviceCookie.read(c), user);
      await requireCodeOfPending(secondFactor, { pending, user }, { method, code, device }, context);
      const userAgent = toStoredUserAgent(c.req.header('user-agent'));
      const completed = await completeSignIn(parts, { pending, user, method, userAgent }, context);
      for (const setCookie of completed.setCookies) c.header('set-cookie', setCookie, { append: true });
      parts.deviceCookie.trust(c, completed.user);
      const shown = toShownUser(completed.user);
      const answer: SignedInAnswer = {
        status: 'signed-in',
        user: shown,
        returnTo: toSafeReturnTo(returnTo, parts.pages),
      };
      return c.json(answer);
    })
    .post('/second-factor/cancel', async (c) => {
      await readNothing(c.req.raw);
      const found = await findPending(c.req.raw, parts);
      if (found !== null) await secondFactor.pending.consume(found.pending);
      c.header('set-cookie', pendingCookie.cleared);
      return c.body(null, 204);
    });
}
