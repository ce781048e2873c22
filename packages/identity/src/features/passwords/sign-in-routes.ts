import { Hono } from 'hono';
import * as z from 'zod';
import {
  SallyportError,
  serializeClearedSessionCookie,
  serializeSessionCookie,
  type RequestContext,
  type SessionCookie,
  type SessionDirectory,
} from '@sallyport/core';
import type { DeviceTrust } from '../../accounts/device-trust.ts';
import type { Guess, GuessLimiter } from '../../accounts/guess-limiter.ts';
import type { PasswordHashing } from '../../hashing/password-hashing.ts';
import type { User } from '../../accounts/user-table.ts';
import type { Engine } from '../../engine/better-auth-engine.ts';
import { whereOf } from '../../events/security-event-log.ts';
import { toStoredUserAgent } from '../../sessions/device-label.ts';
import type { SessionLifetime } from '../../sessions/session-maker.ts';
import { accountFields } from '../../http/account-fields.ts';
import { answerFloor, type AnswerFloor } from '../../http/answer-floor.ts';
import type { DeviceCookie } from '../../http/device-cookie.ts';
import { findSession, type IdentityEnvironment } from '../../http/identity-request.ts';
import {
  askForSecondFactor,
  type AskedForMore,
  type SecondFactorAskingParts,
} from '../second-factor/ask-for-second-factor.ts';
import { readBody, readNothing } from '../../http/request-body.ts';
import { toSafeReturnTo } from '../../http/return-to.ts';
import { settleSession, type SignedIn, type SettleSessionParts } from '../../sessions/settle-session.ts';

export interface SignInParts extends AnswerFloor, SecondFactorAskingParts, SettleSessionParts {
  readonly cookie: SessionCookie;
  readonly deviceCookie: DeviceCookie;
  readonly lifetime: SessionLifetime;
  readonly directory: SessionDirectory;
  readonly hashing: PasswordHashing;
  readonly guesses: GuessLimiter;
  readonly devices: DeviceTrust;
  readonly engine: Engine;
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

const maximumAttempts = 3;

/**
 * Sign-in with a password, and sign-out. The token of a session is in the cookie and nowhere else. Where the account
 * demands a second factor, the right password leads to no session, but to the question for it.
 */
export function createSignInRoutes(parts: SignInParts) {
  const { cookie, deviceCookie, lifetime, directory, revocation } = parts;

  return new Hono<IdentityEnvironment>()
    .post('/sign-in/email', answerFloor(parts), async (c) => {
      const { context } = c.env;
      // A body that nothing can be done about is not read.
      parts.hashing.requireRoom(context.clientAddress);
      const { email, password, returnTo } = await readBody(c.req.raw, signInSchema);
      // Many bodies may have arrived at once, whenever their requests did.
      await parts.loopTurns.take();
      parts.hashing.requireRoom(context.clientAddress);
      const userAgent = toStoredUserAgent(c.req.header('user-agent'));
      const presentedDevice = deviceCookie.read(c);
      const outcome = await signInWithinLimits(parts, { email, password, userAgent, presentedDevice, context });
      if (outcome.kind === 'asked') {
        const { setCookie, status, methods } = outcome;
        c.header('set-cookie', setCookie);
        return c.json({ status, methods, returnTo: toSafeReturnTo(returnTo) });
      }
      const { user, token } = outcome;
      c.header('set-cookie', serializeSessionCookie(cookie, token, lifetime.absoluteSeconds));
      deviceCookie.trust(c, user);
      return c.json({ status: 'signed-in' as const, user: toShownUser(user), returnTo: toSafeReturnTo(returnTo) });
    })
    .post('/sign-out', async (c) => {
      await readNothing(c.req.raw);
      const { caller } = c.env.context;
      const session = await findSession(c.env.context, directory);
      if (session !== null) {
        const { sid, id: subject } = session.principal;
        await revocation.end({ sid, subject, reason: 'signed-out' }, c.env.context);
      } else if (caller.kind === 'user' && caller.sid !== undefined) {
        // The door remembers what is over: whoever ended it died before it could say so, and is asked again now.
        await revocation.announce([caller.sid], 'signed-out');
      }
      c.header('set-cookie', serializeClearedSessionCookie(cookie));
      return c.body(null, 204);
    });
}

/** What the pages are told of who signed in. */
export function toShownUser({ id, name, email, roles }: User) {
  return { id, name, email, roles };
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
  const { engine, users } = parts;
  const { email, password, context, userAgent } = signIn;
  for (let attempt = 0; attempt < maximumAttempts; attempt += 1) {
    const user = await users.findByEmail(email);
    const outcome = await engine.signInWithPassword(email, password, context, userAgent);
    if (outcome.kind === 'credentials-invalid') await guess.failed();
    if (outcome.kind === 'more-demanded') {
      const asked = await askForSecondFactor(parts, outcome, user, context, () => guess.succeeded());
      if (asked !== null) return { kind: 'asked', ...asked };
      continue;
    }
    if (outcome.kind !== 'signed-in') {
      await noteRefusal(parts, context, outcome.kind, user);
      throw new SallyportError(outcome.kind === 'email-unverified' ? 'SP_EMAIL_UNVERIFIED' : 'SP_CREDENTIALS_INVALID', {
        reason: outcome.kind,
      });
    }
    const signedIn = await settleSession(parts, outcome.token, user, context, () => guess.succeeded());
    if (signedIn !== null) return { kind: 'signed-in', ...signedIn };
  }
  throw new SallyportError('SP_CONFLICT', { reason: 'authority-keeps-changing' });
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
