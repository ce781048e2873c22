import { Hono } from 'hono';
import * as z from 'zod';
import {
  SallyportError,
  type ConfirmFactorAnswer,
  type FactorsAnswer,
  type RecoveryCodesAnswer,
  type SentCodeStartAnswer,
  type TotpStartAnswer,
  type SecurityEventLog,
  toSafeReturnTo,
  type PageTable,
} from '@sallyport/core';
import { whereOf } from '../../events/audit-context.ts';
import { changeProtection, type ProtectionChangeParts } from '../../accounts/change-protection.ts';
import { resendSeconds } from './code-limiter.ts';
import { amrOfCode, factorMethods, type FactorMethod } from './factor-method.ts';
import type { Factor } from './factor-table.ts';
import { newTotpSecret, toTotpUri } from './totp.ts';
import type { AccountMailer } from '../../mail/account-mailer.ts';
import { toStoredUserAgent } from '../../sessions/device-label.ts';
import { raiseAssurance } from '../../sessions/raise-assurance.ts';
import type { ElevateSession } from '../../sessions/session-elevation.ts';
import { createWeakSessionEnding, type WeakSessionsOptions } from '../../sessions/weak-sessions.ts';
import { completeSignIn, type CompleteSignInParts } from './complete-sign-in.ts';
import type { DeviceCookie } from '../../http/device-cookie.ts';
import { requireEnroller, type Enroller, type EnrollerParts } from './enroller.ts';
import { requireSession, type IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody, readNothing } from '../../http/request-body.ts';
import { requireRecent } from '../../http/require-recent.ts';
import { typedCode } from './second-factor-routes.ts';
import { toShownFactor } from './shown-factor.ts';
import { toShownUser } from '../../accounts/shown-user.ts';
import type { KernelEvent } from '../../events/kernel-events.ts';
import type { SecondFactorEvent } from './second-factor-events.ts';
import type { SecondFactorMail } from './second-factor-mails.ts';

export interface FactorParts extends CompleteSignInParts, EnrollerParts, ProtectionChangeParts, WeakSessionsOptions {
  readonly pages: PageTable;
  readonly deviceCookie: DeviceCookie;
  readonly elevateSession: ElevateSession;
  readonly mailer: AccountMailer<SecondFactorMail>;
  readonly events: SecurityEventLog<KernelEvent | SecondFactorEvent>;
}

/** E.164, after what people put between digits is gone. */
const phoneNumber = z
  .string()
  .transform((text) => text.replace(/[\s().\-/]/g, '').replace(/^00/, '+'))
  .pipe(
    z.string().regex(/^\+[1-9]\d{6,14}$/, 'must begin with + and the code of the country, such as +49 151 23456789'),
  );

const startSmsSchema = z.strictObject({ number: phoneNumber });
const confirmSchema = z.strictObject({
  code: typedCode,
  /** Whether every other session ends; those that are weaker than the account requires now end in any case. */
  signOutOthers: z.boolean().default(false),
  returnTo: z.string().optional(),
});

/** How people look after their own second factors: see them, set them up, remove them, make new recovery codes. */
export function createFactorRoutes(parts: FactorParts) {
  const { directory, secondFactor, events, mailer, now, elevateSession, revocation, requiredAssurance } = parts;
  const { methods: enabled, factors, recoveryCodes, check, sendCode, issuer } = secondFactor;
  const endWeakSessions = createWeakSessionEnding(parts);

  return new Hono<IdentityEnvironment>()
    .get('/second-factor', async (c) => {
      const { principal } = await requireSession(c.env.context, directory);
      const owned = await factors.list(principal.id);
      return c.json({
        factors: owned.map((factor) => ({
          ...toShownFactor(factor),
          addedAt: factor.at.toISOString(),
          enabled: enabled.includes(factor.method),
        })),
        methods: enabled,
        required: requiredAssurance.ofRoles(principal.roles) === 'mfa',
        recoveryCodesLeft: await recoveryCodes.countLeft(principal.id),
      } satisfies FactorsAnswer);
    })
    .post('/second-factor/totp/start', async (c) => {
      await readNothing(c.req.raw);
      const { user } = await requireStart(c, parts, 'totp');
      const secret = newTotpSecret();
      await factors.begin(user.id, 'totp', secret);
      // The one secret that an answer of ours holds: the app of its owner must learn it, and does so once.
      return c.json({ secret, uri: toTotpUri(secret, issuer(), user.email) } satisfies TotpStartAnswer);
    })
    .post('/second-factor/email/start', async (c) => {
      await readNothing(c.req.raw);
      const { user, purpose } = await requireStart(c, parts, 'email');
      await sendCode({ userId: user.id, method: 'email', destination: user.email, purpose }, c.env.context);
      await factors.begin(user.id, 'email', user.email);
      return c.json({
        ...toShownFactor({ method: 'email', value: user.email }),
        resendSeconds,
      } satisfies SentCodeStartAnswer);
    })
    .post('/second-factor/sms/start', async (c) => {
      const { number } = await readBody(c.req.raw, startSmsSchema);
      const { user, purpose } = await requireStart(c, parts, 'sms');
      await sendCode({ userId: user.id, method: 'sms', destination: number, purpose }, c.env.context);
      await factors.begin(user.id, 'sms', number);
      return c.json({
        ...toShownFactor({ method: 'sms', value: number }),
        resendSeconds,
      } satisfies SentCodeStartAnswer);
    })
    .post('/second-factor/:method/confirm', async (c) => {
      const method = requireMethod(c.req.param('method'));
      const { code, signOutOthers, returnTo } = await readBody(c.req.raw, confirmSchema);
      const { context } = c.env;
      const enroller = await requireEnroller(c, parts, 'confirm');
      const begun = await factors.findBegun(enroller.user.id, method);
      if (begun === null) throw new SallyportError('SP_CODE_INVALID', { reason: 'nothing-begun' });
      const { purpose } = enroller;
      const usedStep = await check.requireFirst(
        begun,
        { user: enroller.user, method, code, device: null, purpose },
        context,
      );
      const added = await addFactor(parts, enroller, begun, usedStep, c.env.context);
      const shownCodes = added.codes === undefined ? {} : { recoveryCodes: added.codes };

      if (enroller.kind === 'pending') {
        const userAgent = toStoredUserAgent(c.req.header('user-agent'));
        const { pending } = enroller;
        const completed = await completeSignIn(parts, { pending, user: added.user, method, userAgent }, context);
        for (const setCookie of completed.setCookies) c.header('set-cookie', setCookie, { append: true });
        parts.deviceCookie.trust(c, completed.user);
        const user = toShownUser(completed.user);
        const signedIn = { status: 'signed-in' as const, user, returnTo: toSafeReturnTo(returnTo, parts.pages) };
        return c.json({ ...signedIn, ...shownCodes } satisfies ConfirmFactorAnswer);
      }
      const { sid } = enroller;
      const proof = { acr: 'mfa', amr: amrOfCode[method], isOnTop: true, isSignIn: false } as const;
      const elevated = await elevateSession(sid, proof);
      const reason = 'second-factor-changed';
      if (signOutOthers) await revocation.endAll({ subject: added.user.id, reason, except: sid }, context);
      else await endWeakSessions(added.user, reason, { actor: added.user.id, ...whereOf(context) });
      c.header('set-cookie', elevated.setCookie);
      return c.json({ status: 'confirmed', ...shownCodes } satisfies ConfirmFactorAnswer);
    })
    .post('/second-factor/recovery-codes/regenerate', async (c) => {
      await readNothing(c.req.raw);
      const session = await requireSession(c.env.context, directory);
      await requireRecent(session, parts);
      const { id } = session.principal;
      const made = recoveryCodes.make(id);
      const { codes } = made;
      const { user } = await changeProtection(parts, id, 'recovery-codes-made', async () => {
        await requireRecent(session, parts);
        if ((await factors.list(id)).length === 0)
          throw new SallyportError('SP_NOT_FOUND', { reason: 'no-second-factor' });
        await recoveryCodes.replace(id, made);
        await noteNewCodes(parts, id, codes.length, c.env.context);
      });
      await mailer.send('recovery-codes-made', user);
      return c.json({ recoveryCodes: codes } satisfies RecoveryCodesAnswer);
    })
    .delete('/second-factor/:method', async (c) => {
      await readNothing(c.req.raw);
      const method = requireMethod(c.req.param('method'));
      const session = await requireSession(c.env.context, directory);
      await requireRecent(session, parts);
      const { id } = session.principal;
      const { user } = await changeProtection(parts, id, 'second-factor-removed', async ({ roles }) => {
        await requireRecent(session, parts);
        const owned = await factors.list(id);
        const isLast = owned.every((factor) => factor.method === method);
        if (!owned.some((factor) => factor.method === method))
          throw new SallyportError('SP_NOT_FOUND', { reason: 'factor-unknown' });
        if (isLast && requiredAssurance.ofRoles(roles) === 'mfa')
          throw new SallyportError('SP_SECOND_FACTOR_DEMANDED', { reason: 'last-factor' });
        if (!(await factors.remove(id, method))) throw new SallyportError('SP_NOT_FOUND', { reason: 'factor-unknown' });
        if (isLast) await recoveryCodes.discard(id);
        await events.append({
          type: 'second-factor.removed',
          at: now(),
          outcome: 'success',
          actor: id,
          target: id,
          sid: session.principal.sid,
          ...whereOf(c.env.context),
          details: { method },
        });
      });
      await mailer.send('second-factor-removed', user);
      return c.body(null, 204);
    });
}

type StartCall = Parameters<typeof requireEnroller>[0];

async function requireStart(c: StartCall, parts: FactorParts, method: FactorMethod): Promise<Enroller> {
  if (!parts.secondFactor.methods.includes(method))
    throw new SallyportError('SP_NOT_FOUND', { reason: 'method-is-off' });
  return requireEnroller(c, parts, 'start');
}

function requireMethod(text: string): FactorMethod {
  const method = factorMethods.find((name) => name === text);
  if (method === undefined) throw new SallyportError('SP_NOT_FOUND', { reason: 'factor-unknown' });
  return method;
}

interface AddedFactor {
  readonly user: Enroller['user'];
  /** Present when these are the first codes of the account. */
  readonly codes: readonly string[] | undefined;
}

async function addFactor(
  parts: FactorParts,
  enroller: Enroller,
  begun: Factor,
  usedStep: number,
  context: StartCall['env']['context'],
): Promise<AddedFactor> {
  const { secondFactor, events, mailer, now } = parts;
  const { factors, recoveryCodes } = secondFactor;
  const { method } = begun;
  const { user } = enroller;
  const changed = await changeProtection(parts, user.id, 'second-factor-added', async (owner) => {
    await enroller.requireStill(owner);
    if (enroller.kind === 'session')
      await raiseAssurance(parts.sessions, enroller.sid, { acr: 'mfa', amr: amrOfCode[method] });
    const isFirst = (await recoveryCodes.countLeft(user.id)) === 0;
    const confirmed = await factors.confirm(begun, usedStep);
    if (confirmed === null) throw new SallyportError('SP_CODE_INVALID', { reason: 'confirmed-before' });
    await events.append({
      type: 'second-factor.added',
      at: now(),
      outcome: 'success',
      actor: user.id,
      target: user.id,
      ...whereOf(context),
      details: { method, replaced: confirmed.replaced },
    });
    if (!isFirst) return undefined;
    const made = recoveryCodes.make(user.id);
    await recoveryCodes.replace(user.id, made);
    await noteNewCodes(parts, user.id, made.codes.length, context);
    return made.codes;
  });
  await mailer.send('second-factor-added', changed.user);
  return { user: changed.user, codes: changed.outcome };
}

async function noteNewCodes(
  { events, now }: FactorParts,
  userId: string,
  count: number,
  context: StartCall['env']['context'],
): Promise<void> {
  await events.append({
    type: 'second-factor.recovery-codes-made',
    at: now(),
    outcome: 'success',
    actor: userId,
    target: userId,
    ...whereOf(context),
    details: { count },
  });
}
