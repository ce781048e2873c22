import { Hono } from 'hono';
import * as z from 'zod';
import {
  retryContended,
  networkOf,
  SallyportError,
  serializeSessionCookie,
  type RequestContext,
  type SessionCookie,
  type SignedInAnswer,
  type SignInAnswer,
  toSafeReturnTo,
  type PageTable,
} from '@sallyport/core';
import type { DeviceTrust } from '../../accounts/device-trust.ts';
import type { Guess, GuessLimiter } from '../../accounts/guess-limiter.ts';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';
import { toShownUser } from '../../accounts/shown-user.ts';
import type { User } from '../../accounts/user-table.ts';
import type { Engine } from '../../engine/better-auth-engine.ts';
import { signInMethods } from '../../engine/sign-in-methods.ts';
import { whereOf } from '../../events/audit-context.ts';
import { toStoredUserAgent } from '../../sessions/device-label.ts';
import type { SessionLifetime } from '../../sessions/session-maker.ts';
import { accountFields } from '../../http/account-fields.ts';
import { answerFloor, type AnswerFloor } from '../../http/answer-floor.ts';
import type { DeviceCookie } from '../../http/device-cookie.ts';
import type { IdentityEnvironment } from '../../http/identity-request.ts';
import type { AskedForMore, SignInGates } from '../../sessions/required-assurance.ts';
import { readBody } from '../../http/request-body.ts';
import { settleSession, type SignedIn, type SettleSessionParts } from '../../sessions/settle-session.ts';

export interface SignInParts extends AnswerFloor, SettleSessionParts {
  readonly pages: PageTable;
  readonly cookie: SessionCookie;
  readonly deviceCookie: DeviceCookie;
  readonly lifetime: SessionLifetime;
  readonly hashing: PasswordHashing;
  readonly guesses: GuessLimiter;
  readonly devices: DeviceTrust;
  readonly engine: Engine;
  readonly gates: SignInGates;
}

const signInSchema = z.strictObject({
  email: accountFields.email,
  password: accountFields.presentedPassword,
  returnTo: z.string().optional(),
});

interface SignIn {
  readonly email: string;
  readonly password: string;
  readonly userAgent: string;
  /** What the browser presented as its device cookie. */
  readonly presentedDevice: string;
  readonly context: RequestContext;
}

/** What a right password leads to: a session, or the question for the second factor. */
type SignInOutcome = ({ readonly kind: 'signed-in' } & SignedIn) | ({ readonly kind: 'asked' } & AskedForMore);

const contention = { maxAttempts: 3, code: 'SP_CONFLICT' } as const;

/**
 * Sign-in with a password. The token of a session is in the cookie and nowhere else. Where the account requires more, the
 * right password leads to no session, but to the question of the gate that requires it.
 */
export function createSignInRoutes(parts: SignInParts) {
  const { cookie, deviceCookie, lifetime } = parts;

  return new Hono<IdentityEnvironment>().post('/sign-in/email', answerFloor(parts), async (c) => {
    const { context } = c.env;
    // A body that nothing can be done about is not read.
    parts.hashing.requireRoom(context.clientAddress);
    const { email, password, returnTo } = await readBody(c.req.raw, signInSchema);
    // Many bodies may have arrived at once, whenever their requests did.
    await parts.pacing.nextTurn(networkOf(context.clientAddress));
    parts.hashing.requireRoom(context.clientAddress);
    const userAgent = toStoredUserAgent(c.req.header('user-agent'));
    const presentedDevice = deviceCookie.read(c);
    const outcome = await signInWithinLimits(parts, { email, password, userAgent, presentedDevice, context });
    if (outcome.kind === 'asked') {
      const { setCookie, status, methods } = outcome;
      c.header('set-cookie', setCookie);
      return c.json({ status, methods, returnTo: toSafeReturnTo(returnTo, parts.pages) } satisfies SignInAnswer);
    }
    const { user, token } = outcome;
    c.header('set-cookie', serializeSessionCookie(cookie, token, lifetime.absoluteSeconds));
    deviceCookie.trust(c, user);
    const shown = toShownUser(user);
    return c.json({
      status: 'signed-in',
      user: shown,
      returnTo: toSafeReturnTo(returnTo, parts.pages),
    } satisfies SignedInAnswer);
  });
}

async function signInWithinLimits(parts: SignInParts, signIn: SignIn): Promise<SignInOutcome> {
  const { users, guesses, devices } = parts;
  const { email, presentedDevice, context } = signIn;
  const user = await users.findByEmail(email);
  const device = devices.find(presentedDevice, user);
  const guess = await guesses.begin({ account: email, address: context.clientAddress, device });
  if (guess.kind === 'limited') {
    if (guess.isFirst) await noteRefusal(parts, context, 'too-many-attempts', user);
    const { retryAfterSeconds } = guess;
    throw new SallyportError('SP_TOO_MANY_ATTEMPTS', { reason: 'guessing', retryAfterSeconds });
  }
  try {
    return await signInOnce(parts, signIn, guess);
  } finally {
    // A failure of ours is not a wrong password. Does nothing when it was one.
    await guess.abandoned();
  }
}

async function signInOnce(parts: SignInParts, signIn: SignIn, guess: Guess): Promise<SignInOutcome> {
  const { users } = parts;
  const { email, context } = signIn;
  return retryContended(contention, async () => {
    const user = await users.findByEmail(email);
    const outcome = await tryPassword(parts, signIn, user, guess);
    if (outcome === 'retry') return outcome;
    if (outcome.kind !== 'refused') return outcome;
    await noteRefusal(parts, context, outcome.reason, user);
    const isUnverified = outcome.reason === 'email-unverified';
    throw new SallyportError(isUnverified ? 'SP_EMAIL_UNVERIFIED' : 'SP_CREDENTIALS_INVALID', {
      reason: outcome.reason,
    });
  });
}

type Refusal = {
  readonly kind: 'refused';
  readonly reason: 'credentials-invalid' | 'email-unverified' | 'banned';
};

/** @returns `retry` when the authority of the user changed on the way: the password must be looked at again. */
async function tryPassword(
  parts: SignInParts,
  { email, password, userAgent, context }: SignIn,
  user: User | null,
  guess: Guess,
): Promise<SignInOutcome | Refusal | 'retry'> {
  const { engine, gates } = parts;
  const check = await engine.checkPassword(email, password);
  if (check.kind === 'credentials-invalid') await guess.failed();
  if (check.kind !== 'right') return { kind: 'refused', reason: check.kind };
  if (user === null) return 'retry';
  if (user.isBanned) return { kind: 'refused', reason: 'banned' };
  // Before a gate asks for more: what comes after it knows nothing of the password.
  await engine.renewOutdatedHash(check.userId, password);

  const proof = { user, ...signInMethods.password };
  const gate = await gates.find(proof);
  if (gate !== undefined) {
    const asked = await gate.ask(proof, context, () => guess.succeeded());
    return asked === null ? 'retry' : { kind: 'asked', ...asked };
  }
  const order = { userId: check.userId, method: 'password', userAgent, address: context.clientAddress } as const;
  const creation = await engine.createSession(order);
  if (creation.kind === 'assurance-insufficient') return 'retry';
  if (creation.kind === 'banned') return { kind: 'refused', reason: 'banned' };
  const signedIn = await settleSession(parts, creation.token, user, context, () => guess.succeeded());
  return signedIn === null ? 'retry' : { kind: 'signed-in', ...signedIn };
}

async function noteRefusal(
  { events, now }: SignInParts,
  context: RequestContext,
  reason: string,
  user: User | null,
): Promise<void> {
  await events.append({
    type: 'sign-in.refused',
    at: now(),
    outcome: 'refused',
    ...(user === null ? {} : { target: user.id }),
    ...whereOf(context),
    details: { reason },
  });
}
