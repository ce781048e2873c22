import { Hono } from 'hono';
import * as z from 'zod';
import {
  SallyportError,
  type LiveSession,
  type RequestContext,
  type SessionDirectory,
  type SecurityEventLog,
  type StepUpAnswer,
  type StepUpOfferAnswer,
  toSafeReturnTo,
  type PageTable,
} from '@sallyport/core';
import type { DeviceTrust } from '../../accounts/device-trust.ts';
import type { GuessLimiter } from '../../accounts/guess-limiter.ts';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';
import type { UserTable } from '../../accounts/user-table.ts';
import type { Engine } from '../../engine/better-auth-engine.ts';
import { whereOf } from '../../events/audit-context.ts';
import type { RequiredAssurance } from '../../sessions/required-assurance.ts';
import type { StepUpOffers } from '../../sessions/step-up-offers.ts';
import { resendSeconds } from './code-limiter.ts';
import { amrOfCode, codeMethods, type CodeMethod } from './factor-method.ts';
import type { SecondFactor } from './second-factor.ts';
import type { FreshProof, ElevateSession } from '../../sessions/session-elevation.ts';
import { accountFields } from '../../http/account-fields.ts';
import type { DeviceCookie } from '../../http/device-cookie.ts';
import { requireSession, type IdentityEnvironment } from '../../http/identity-request.ts';
import { readBody } from '../../http/request-body.ts';
import { requireDestination } from './code-of-pending.ts';
import { typedCode } from './second-factor-routes.ts';
import { toShownFactor } from './shown-factor.ts';
import type { KernelEvent } from '../../events/kernel-events.ts';
import type { SecondFactorEvent } from './second-factor-events.ts';

export interface StepUpParts {
  readonly pages: PageTable;
  readonly deviceCookie: DeviceCookie;
  readonly directory: SessionDirectory;
  readonly secondFactor: SecondFactor;
  readonly elevateSession: ElevateSession;
  readonly requiredAssurance: RequiredAssurance;
  readonly stepUpOffers: Pick<StepUpOffers, 'of'>;
  readonly users: UserTable;
  readonly guesses: GuessLimiter;
  readonly devices: DeviceTrust;
  readonly engine: Engine;
  readonly hashing: PasswordHashing;
  readonly events: SecurityEventLog<KernelEvent | SecondFactorEvent>;
  readonly now: () => Date;
}

const returnTo = z.string().optional();
const stepUpSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('password'), password: accountFields.presentedPassword, returnTo }),
  z.strictObject({ method: z.enum(codeMethods), code: typedCode, returnTo }),
]);
const sendSchema = z.strictObject({ method: z.enum(['email', 'sms']) });

/**
 * Confirming who one is, with a live session. Where the account has a second factor only that counts: the password alone
 * would make a recent sign-in of a strong one that is old.
 */
export function createStepUpRoutes(parts: StepUpParts) {
  const { deviceCookie, directory, secondFactor, elevateSession, engine, stepUpOffers, events, now } = parts;
  const { factors, methods: enabled, recoveryCodes, check, sendCode } = secondFactor;

  return new Hono<IdentityEnvironment>()
    .get('/step-up', async (c) => {
      const { principal } = await requireSession(c.env.context, directory);
      const { id, acr, authTime } = principal;
      const owned = await factors.list(id);
      const common = { acr, authTime: authTime.toISOString(), resendSeconds };
      if (owned.length === 0) {
        const password =
          (await engine.findPasswordHash(id)) === null ? [] : ([{ method: 'password' }] as const satisfies object[]);
        const methods = [...password, ...(await stepUpOffers.of(id))];
        return c.json({ ...common, methods } satisfies StepUpOfferAnswer);
      }
      const usable = owned.filter(({ method }) => enabled.includes(method));
      const hasRecoveryCodes = (await recoveryCodes.countLeft(id)) > 0;
      return c.json({ ...common, methods: usable.map(toShownFactor), hasRecoveryCodes } satisfies StepUpOfferAnswer);
    })
    .post('/step-up/send', async (c) => {
      const { method } = await readBody(c.req.raw, sendSchema);
      const { principal } = await requireSession(c.env.context, directory);
      const { id: userId, sid } = principal;
      const destination = await requireDestination(parts, userId, method);
      await sendCode({ userId, method, destination, purpose: stepUpPurpose(sid) }, c.env.context);
      return c.json({ status: 'code-sent' as const, resendSeconds });
    })
    .post('/step-up', async (c) => {
      const body = await readBody(c.req.raw, stepUpSchema);
      const { context } = c.env;
      const session = await requireSession(context, directory);
      const { id, sid } = session.principal;
      const presentedDevice = deviceCookie.read(c);
      const proof =
        body.method === 'password'
          ? await requirePassword(parts, session, { password: body.password, presentedDevice }, context)
          : await requireCode({ method: body.method, code: body.code, presentedDevice }, session, context);
      const { record, setCookie } = await elevateSession(sid, proof);
      const { acr, amr, authTime } = record;
      await events.append({
        type: 'session.stepped-up',
        at: now(),
        outcome: 'success',
        actor: id,
        target: id,
        sid,
        ...whereOf(context),
        details: { acr, amr: [...amr] },
      });
      c.header('set-cookie', setCookie);
      const stepped = { sid, acr, amr, authTime: authTime.toISOString() };
      return c.json({ session: stepped, returnTo: toSafeReturnTo(body.returnTo, parts.pages) } satisfies StepUpAnswer);
    });

  async function requireCode(
    { method, code, presentedDevice }: { method: CodeMethod; code: string; presentedDevice: string },
    { principal }: LiveSession,
    context: RequestContext,
  ): Promise<FreshProof> {
    const user = await parts.users.findById(principal.id);
    if (user === null) throw new SallyportError('SP_UNAUTHENTICATED', { reason: 'account-gone' });
    const device = parts.devices.find(presentedDevice, user);
    await check.require({ user, method, code, device, purpose: stepUpPurpose(principal.sid) }, context);
    return { acr: 'mfa', amr: amrOfCode[method], isOnTop: true, isSignIn: true };
  }
}

async function requirePassword(
  parts: StepUpParts,
  { principal }: LiveSession,
  { password, presentedDevice }: { readonly password: string; readonly presentedDevice: string },
  context: RequestContext,
): Promise<FreshProof> {
  const { users, requiredAssurance, guesses, devices, engine, hashing, events, now } = parts;
  const user = await users.findById(principal.id);
  if (user === null || (await requiredAssurance.of(user)) !== 'pwd') {
    throw new SallyportError('SP_STEP_UP_REQUIRED', { reason: 'password-is-too-weak', stepUp: { acr: 'mfa' } });
  }
  const guess = await guesses.begin({
    account: user.email,
    address: context.clientAddress,
    device: devices.find(presentedDevice, user),
  });
  if (guess.kind === 'limited') {
    const { retryAfterSeconds } = guess;
    throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'guessing', retryAfterSeconds });
  }
  try {
    const passwordHash = await engine.findPasswordHash(user.id);
    if (passwordHash !== null && (await hashing.verify(passwordHash, password))) {
      await guess.succeeded();
      return { acr: 'pwd', amr: 'pwd', isOnTop: false, isSignIn: true };
    }
    await guess.failed();
    await events.append({
      type: 'sign-in.refused',
      at: now(),
      outcome: 'refused',
      target: user.id,
      ...whereOf(context),
      details: { reason: 'credentials-invalid' },
    });
    throw new SallyportError('SP_PASSWORD_WRONG', { reason: 'credentials-invalid' });
  } finally {
    await guess.abandoned();
  }
}

function stepUpPurpose(sid: string): string {
  return `step-up:${sid}`;
}
